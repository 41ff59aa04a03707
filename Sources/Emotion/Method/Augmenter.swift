import Engine

/// Changes the projected inputs of a batch for a second pass, as the methods do that section 4.3 of the paper compares
/// adversarial temporal masking with.
struct Augmenter {
    let objective: Objective
    let labels: [Float]
    let randomness: Tape.Randomness

    /// Steps of `pgd`.
    private static let attackSteps = 3

    private var hyperparameters: Hyperparameters { objective.network.configuration.hyperparameters }
    private var size: Float { hyperparameters.augmentationSize }

    /// The changed inputs, on the tape of `z`; they are differentiable in z, the change is a constant.
    func augmented(_ z: [Units], on tape: Tape) -> [Units] {
        switch hyperparameters.augmentation {
        case .none: return z
        case .randomErasing:
            return z.enumerated().map { index, units in
                units.with(tape.scaleRows(of: units.rows, by: tape.constant(erasingMask(units.segments, index))))
            }
        case .gaussianNoise:
            return moved(
                z,
                by: z.enumerated().map { index, units in
                    let noise = Random.augmentation.philox(randomness, index).normals(count: units.rows.value.count)
                    return noise.map { size * $0 }
                }, on: tape)
        case .fgsm: return moved(z, by: attack(z, steps: 1, stride: size), on: tape)
        case .pgd:
            // Enough to reach the border and go on along it.
            return moved(
                z, by: attack(z, steps: Self.attackSteps, stride: 2 * size / Float(Self.attackSteps)), on: tape)
        }
    }

    private func moved(_ z: [Units], by changes: [[Float]], on tape: Tape) -> [Units] {
        zip(z, changes).map { units, change in
            units.with(tape.addConstant(Tensor(change, shape: units.rows.value.shape), to: units.rows))
        }
    }

    /// The change within ±size that the recognition loss rises along, in steps along the sign of its gradient. Dropout
    /// takes no part in looking for it.
    private func attack(_ z: [Units], steps: Int, stride: Float) -> [[Float]] {
        let network = objective.network
        let scratch = Gradients(layout: network.layout)
        var changes = z.map { [Float](repeating: 0, count: $0.rows.value.count) }
        for _ in 0..<steps {
            let tape = Tape(objective.parameters, recording: true)
            let inputs = z.inputs(of: tape)
            let logits = network.recognise(network.encode(moved(inputs, by: changes, on: tape), on: tape), on: tape)
            let (_, gradient) = hyperparameters.loss(logits: logits.value, labels: labels)
            let gradients = inputs.gradients(from: tape.backward([(logits, gradient)], into: scratch))
            for (index, gradient) in gradients.enumerated() {
                for (element, slope) in (gradient?.values ?? []).enumerated() {
                    let step = slope > 0 ? stride : slope < 0 ? -stride : 0
                    changes[index][element] = min(max(changes[index][element] + step, -size), size)
                }
            }
        }
        return changes
    }

    /// 0 for one run of units of each clip, of up to `mask_ratio` of its length and anywhere in it; 1 for the others.
    private func erasingMask(_ segments: Segments, _ modality: Int) -> Tensor {
        var generator = PhiloxGenerator(Random.augmentation.philox(randomness, modality))
        var mask = [Float](repeating: 1, count: segments.rows)
        for clip in 0..<segments.count {
            let longest = TemporalMasking.maskedUnits(segments[clip].count, hyperparameters.maskRatio)
            guard longest > 0, longest < segments[clip].count else { continue }
            let length = 1 + generator.integer(below: longest)
            let start = segments[clip].lowerBound + generator.integer(below: segments[clip].count - length + 1)
            for row in start..<start + length { mask[row] = 0 }
        }
        return Tensor(mask, shape: [segments.rows, 1])
    }
}
