import Engine

/// What computing takes, in bytes, as far as it follows from sizes. Estimates leave out what is small, so that nothing is
/// refused that might work.
extension Network {
    /// Of a training: parameters, gradients, both moments, the parameters of the best epoch, perturbations, and the
    /// activations of the largest step.
    ///
    /// - Parameters:
    ///   - clips: the training split.
    ///   - threads: those that compute.
    package func trainingBytes(_ clips: Clips, threads: Int = Parallel.threads) -> Int {
        let hyperparameters = configuration.hyperparameters
        var parameters = 5 * layout.count
        if hyperparameters.parameterPerturbation != .off {
            // ε and what the perturbed parameters were.
            parameters +=
                2 * self.parameters(of: hyperparameters.perturbedModules).reduce(0) { $0 + $1.parameter.count }
        }
        let longest = clips.unitCounts(of: modalities).sorted(by: >).prefix(hyperparameters.batchSize)
        // Kept for the backward pass: the clean pass's uni-modal encodings while a second pass is made.
        let hasSecondPass = hyperparameters.temporalMasking != .off || hyperparameters.augmentation != .none
        let unimodal = hyperparameters.unimodalBlocks * (hasSecondPass ? 2 : 1)
        let activations = longest.reduce(0, +) * (unimodal + multimodalBlocks) * keptColumns
        return 4 * (parameters + activations)
            + scratchBytes(clips, batchSize: hyperparameters.batchSize, threads: threads)
    }

    /// Of a prediction: the activations of one block, beside the parameters.
    ///
    /// - Parameters:
    ///   - clips: the batch.
    ///   - threads: those that compute.
    package func predictionBytes(_ clips: Clips, threads: Int = Parallel.threads) -> Int {
        4 * clips.unitCounts(of: modalities).reduce(0, +) * keptColumns / 2
            + scratchBytes(clips, batchSize: clips.count, threads: threads)
    }

    /// Of the parameters of a model that predicts.
    package func loadedBytes(_ precision: PredictionPrecision) -> Int {
        layout.bytes(precision.form, precision.products)
    }

    private var multimodalBlocks: Int {
        let hyperparameters = configuration.hyperparameters
        return hyperparameters.multimodalEncoder == .on ? hyperparameters.multimodalBlocks : 0
    }

    /// Numbers that a block keeps of each unit for its backward pass.
    private var keptColumns: Int {
        let hyperparameters = configuration.hyperparameters
        return switch hyperparameters.backbone {
        // Queries, keys and values, the heads, two normalised sums and their norms; the inner layer.
        case .transformer: 8 * hyperparameters.modelWidth + hyperparameters.feedForward
        // Four gates, two states and the input in order of time.
        case .lstm: 7 * hyperparameters.modelWidth
        }
    }

    /// What attention takes on all threads: each computes a head of a clip at a time, in memory that the longest clip fits.
    private func scratchBytes(_ clips: Clips, batchSize: Int, threads: Int) -> Int {
        let hyperparameters = configuration.hyperparameters
        guard hyperparameters.backbone == .transformer else { return 0 }
        var lengths: [Int] = []
        if hyperparameters.unimodalBlocks > 0 { lengths += modalities.flatMap { clips.unitCounts(of: [$0]) } }
        if multimodalBlocks > 0 { lengths += clips.unitCounts(of: modalities) }
        let threads = min(threads, hyperparameters.heads * min(batchSize, clips.count))
        return threads
            * MultiHeadAttention.scratchBytes(rows: min(lengths.max() ?? 0, MultiHeadAttention.longestSequence))
    }
}
