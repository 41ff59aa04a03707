import Engine

/// Adversarial temporal masking (section 3.3 of the paper): which temporal units a second pass does without.
struct TemporalMasking {
    let network: Network
    let randomness: Tape.Randomness

    private var hyperparameters: Hyperparameters { network.configuration.hyperparameters }

    /// The masks m^m of encoded units, and the scores s^m they come from: both [rows, 1] for each modality, on `tape`
    /// (equations 6 to 9).
    ///
    /// - Returns: nil when nothing is masked; no scores where units are masked at random.
    func callAsFunction(_ h: [Units], on tape: Tape) -> (masks: [Units], scores: [Units])? {
        switch hyperparameters.temporalMasking {
        case .off: return nil
        case .randomMask:
            return (h.enumerated().map { $1.with(tape.constant(randomMask($1.segments, modality: $0))) }, [])
        case .on, .noReversal:
            let topK = SoftTopK(
                epsilon: Double(hyperparameters.topKEpsilon), iterations: hyperparameters.topKIterations,
                side: hyperparameters.topKSide)
            let isReversed = hyperparameters.temporalMasking == .on
            let scores = network.maskingScores(h, on: tape)
            let masks = scores.map { units in
                let player = isReversed ? tape.gradientReversal(units.rows, alpha: hyperparameters.alpha) : units.rows
                return units.with(tape.softTopK(player, units.segments, ratio: hyperparameters.maskRatio, topK))
            }
            return (masks, scores)
        }
    }

    /// 0 for as many units of each clip as masking by score would hide, chosen at random; 1 for the others. [rows, 1]
    private func randomMask(_ segments: Segments, modality: Int) -> Tensor {
        var generator = PhiloxGenerator(Random.mask.philox(randomness, modality))
        var mask = [Float](repeating: 1, count: segments.rows)
        for clip in 0..<segments.count {
            let masked = Self.maskedUnits(segments[clip].count, hyperparameters.maskRatio)
            // Nothing is hidden rather than everything, as by score.
            guard masked < segments[clip].count else { continue }
            for row in generator.shuffled(segments[clip]).prefix(masked) { mask[row] = 0 }
        }
        return Tensor(mask, shape: [segments.rows, 1])
    }

    /// How many of a clip's units are masked: round-half-up(ratio · length).
    static func maskedUnits(_ length: Int, _ ratio: Float) -> Int {
        // The ratio as it is written: 0.35 of 10 units is 3.5 and gives 4, though the nearest float lies below. Rounded to
        // 2⁻²⁰ first, as the product may lie below too: 0.29 · 50 is 14.499999999999998.
        let product = (Double(ratio.description)! * Double(length) * 0x1p20).rounded() * 0x1p-20
        return Int((product + 0.5).rounded(.down))
    }
}

extension Tape {
    /// What stays of each unit when each clip's k = round(ratio · length) units of the highest scores are masked.
    ///
    /// The costs of all clips are divided by the largest of them, a constant in the gradient.
    ///
    /// - Parameters:
    ///   - scores: [rows, 1], in [0, 1]
    ///   - ratio: the share of a clip's units to mask; halves are rounded up.
    /// - Returns: m, [rows, 1]; the m of a clip sum to its length − k.
    func softTopK(_ scores: Variable, _ segments: Segments, ratio: Float, _ topK: SoftTopK) -> Variable {
        let scale = SoftTopK.costScale(UnsafeBufferPointer(start: scores.value.pointer, count: scores.rows))
        let own = { (clip: Int) in
            UnsafeBufferPointer(
                start: scores.value.pointer + segments[clip].lowerBound, count: segments[clip].count)
        }
        let plans = Parallel.map(segments.count) { clip in
            let k = TemporalMasking.maskedUnits(segments[clip].count, ratio)
            return topK.plan(own(clip), k: k, costScale: scale)
        }
        var kept = [Float](repeating: 1, count: scores.rows)
        for (clip, plan) in plans.enumerated() {
            if let plan { kept.replaceSubrange(segments[clip], with: plan.kept) }
        }
        return record(Tensor(kept, shape: scores.value.shape)) { gradient, pass in
            var gs = [Float](repeating: 0, count: scores.rows)
            for (clip, plan) in plans.enumerated() {
                guard let plan else { continue }
                gs.replaceSubrange(
                    segments[clip],
                    with: topK.gradient(own(clip), plan, kept: gradient.pointer + segments[clip].lowerBound))
            }
            pass.accumulate(Tensor(gs, shape: scores.value.shape), to: scores.place)
        }
    }
}
