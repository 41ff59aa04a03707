package import Engine

/// The objective of training, L = L_r + ρ L_m + σ L_p (equation 15 of the paper), and its gradient by Algorithm 1.
///
/// A pass of the algorithm is one or more tapes. Tapes are cut where passes meet: at the projected units Z^m, which the
/// masks apply to, and at the uni-modal encodings H^m, which the perturbed pass shares with the clean one. The tapes of
/// the later passes run backward to these seams as soon as their loss is known; what is before the seams runs backward
/// once, with everything that came together there.
package struct Objective: Sendable {
    let network: Network
    let parameters: Parameters

    private var hyperparameters: Hyperparameters { network.configuration.hyperparameters }

    package init(network: Network, parameters: Parameters) {
        self.network = network
        self.parameters = parameters
    }

    /// The three losses of a batch, before weighting; nil for a pass that the hyperparameters leave out.
    package struct Losses: Sendable {
        package var recognition: Float
        package var masked: Float?
        package var perturbed: Float?
    }

    /// What the passes over a batch came to.
    struct Passes {
        var losses: Losses
        /// y*, the logits of the clean pass [B, K].
        let clean: Tensor
        /// ŷ*, those of the masked or augmented pass.
        var masked: Tensor?
        /// ỹ*, those of the perturbed pass.
        var perturbed: Tensor?
        /// s^m and m^m of each modality, [rows, 1].
        var scores: [Tensor] = []
        var masks: [Tensor] = []
        var perturbation: Perturbation?
    }

    /// Computes the losses of a batch of labelled clips.
    ///
    /// - Parameters:
    ///   - randomness: of this step.
    ///   - gradients: all zero; ∇L is added.
    func callAsFunction(_ batch: Clips, _ randomness: Tape.Randomness, into gradients: Gradients) -> Passes {
        guard let labels = batch.labels else { preconditionFailure("training needs labelled clips") }
        let tape = { (operations: UInt32) in
            Tape(parameters, recording: true, randomness: randomness, after: operations)
        }
        let recognitionLoss = { (logits: Tensor) in hyperparameters.loss(logits: logits, labels: labels) }

        // ▷ Emotion recognition: y* = D(E^m(E^t(x^t), …)), L_r and its gradient (lines 3 to 6).
        let projection = tape(0)
        let x = network.project(batch, on: projection)
        let unimodal = tape(projection.randomOperations)
        let z = x.inputs(of: unimodal)
        let h = network.encode(z, on: unimodal)
        let multimodal = tape(unimodal.randomOperations)
        let clean = pass(on: multimodal, from: h, weight: 1, into: gradients) {
            network.recognise($0, on: multimodal)
        } loss: {
            recognitionLoss($0)
        }
        var passes = Passes(losses: Losses(recognition: clean.loss), clean: clean.logits)
        // What came together at the seams: seeds for the uni-modal tape and for the projection's.
        var (seeds, projectionSeeds) = (h.seeds(clean.gradients), [(Variable, Tensor)]())
        /// Lets the uni-modal encoders have what came so far, for those who need their gradient now.
        func settle() {
            let early = unimodal.backward(seeds, into: gradients, keepingRecord: true)
            projectionSeeds += x.seeds(z.gradients(from: early))
            seeds = []
        }
        func perturbation() -> Perturbation {
            if hyperparameters.perturbedModules.contains(.unimodal) { settle() }
            return Perturbation(network: network, gradients: gradients, randomness: randomness)
        }
        let isPerturbed = hyperparameters.parameterPerturbation != .off
        if isPerturbed, hyperparameters.perturbationSource == .recognition { passes.perturbation = perturbation() }

        // ▷ Adversarial temporal masking: m = M(E(x)), x̂ = x ∘ m, ŷ*, L_m and its gradient, reversed for M (lines 7 to 12).
        var altered: [Units]?
        if let masks = masks(h, randomness, on: unimodal, &passes) {
            altered = zip(z, masks).map { $0.with(unimodal.scalingRows(of: $0.rows, by: $1.rows)) }
        } else if hyperparameters.augmentation != .none {
            altered = Augmenter(objective: self, labels: labels, randomness: randomness).augmented(z, on: unimodal)
        }
        if let altered {
            let masked = tape(multimodal.randomOperations)
            let result = pass(on: masked, from: altered, weight: hyperparameters.rho, into: gradients) {
                network.recognise(network.encode($0, on: masked), on: masked)
            } loss: {
                recognitionLoss($0)
            }
            (passes.losses.masked, passes.masked) = (result.loss, result.logits)
            seeds += altered.seeds(result.gradients)
        }

        // ▷ Adversarial parameter perturbation: ε = γ g/‖g‖, ỹ* with θ + ε, L_p and its gradient (lines 13 to 17). The
        // masks of dropout are those of the clean pass.
        if isPerturbed {
            let epsilon = passes.perturbation ?? perturbation()
            passes.perturbation = epsilon
            let isFromInput = hyperparameters.perturbedModules.contains(.unimodal)
            let sources = isFromInput ? z : h
            let perturbed = tape(isFromInput ? projection.randomOperations : unimodal.randomOperations)
            let result = epsilon.applied(to: parameters) {
                pass(on: perturbed, from: sources, weight: hyperparameters.sigma, into: gradients) {
                    network.recognise(isFromInput ? network.encode($0, on: perturbed) : $0, on: perturbed)
                } loss: {
                    hyperparameters.divergence(target: clean.logits, logits: $0)
                }
            }
            (passes.losses.perturbed, passes.perturbed) = (result.loss, result.logits)
            seeds += sources.seeds(result.gradients)
        }

        // ▷ Optimization: the gradients have been accumulated with their weights; what is before the seams is left (line 19).
        let rest = unimodal.backward(seeds, into: gradients)
        projection.backward(projectionSeeds + x.seeds(z.gradients(from: rest)), into: gradients)
        return passes
    }

    /// The masks m^m of the units, nil when nothing is masked (equations 6 to 9).
    private func masks(
        _ h: [Units], _ randomness: Tape.Randomness, on tape: Tape, _ passes: inout Passes
    ) -> [Units]? {
        let masks: [Units]
        switch hyperparameters.temporalMasking {
        case .off: return nil
        case .randomMask:
            masks = h.enumerated().map { $1.with(tape.constant(randomMask($1.segments, randomness, $0))) }
        case .on, .noReversal:
            let scores = network.maskingScores(h, on: tape)
            passes.scores = scores.map(\.rows.value)
            let topK = SoftTopK(
                epsilon: Double(hyperparameters.topKEpsilon), iterations: hyperparameters.topKIterations,
                side: hyperparameters.topKSide)
            let isReversed = hyperparameters.temporalMasking == .on
            masks = scores.map { units in
                let player = isReversed ? tape.scalingGradient(of: units.rows, by: -hyperparameters.alpha) : units.rows
                return units.with(tape.softTopK(player, units.segments, ratio: hyperparameters.maskRatio, topK))
            }
        }
        passes.masks = masks.map(\.rows.value)
        return masks
    }

    /// 0 for as many units of each clip as masking by score would hide, chosen by lot; 1 for the others. [rows, 1]
    private func randomMask(_ segments: Segments, _ randomness: Tape.Randomness, _ modality: Int) -> Tensor {
        var generator = PhiloxGenerator(Random.mask.philox(randomness, modality))
        var mask = [Float](repeating: 1, count: segments.rows)
        for clip in 0..<segments.count {
            let masked = Tape.maskedUnits(segments[clip].count, hyperparameters.maskRatio)
            // Nothing is hidden rather than everything, as by score.
            guard masked < segments[clip].count else { continue }
            for row in generator.shuffled(segments[clip]).prefix(masked) { mask[row] = 0 }
        }
        return Tensor(mask, shape: [segments.rows, 1])
    }

    /// A pass from a seam to its loss and back to the seam.
    ///
    /// - Returns: its logits, its loss, and the gradient of weight · loss for each of `sources`, nil for one that the
    ///   loss does not depend on.
    func pass(
        on tape: Tape,
        from sources: [Units],
        weight: Float,
        into gradients: Gradients,
        _ forward: ([Units]) -> Variable,
        loss: (Tensor) -> (loss: Float, gradient: Tensor)
    ) -> (logits: Tensor, loss: Float, gradients: [Tensor?]) {
        let inputs = sources.inputs(of: tape)
        let logits = forward(inputs)
        let (loss, gradient) = loss(logits.value)
        let pass = tape.backward([(logits, gradient.scaled(by: Double(weight)))], into: gradients)
        return (logits.value, loss, inputs.gradients(from: pass))
    }
}
