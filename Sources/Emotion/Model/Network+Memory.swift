import Engine

/// What computing takes, in bytes, as far as it follows from sizes. Estimates leave out what is small, so that nothing is
/// refused that might work.
extension Network {
    /// Of a training: parameters, gradients, both moments, the parameters of the best epoch, perturbations, and the
    /// activations of the largest step.
    ///
    /// - Parameter unitCounts: units of each clip of the training split over all modalities.
    package func trainingBytes(unitCounts: [Int]) -> Int {
        let hyperparameters = configuration.hyperparameters
        var parameters = 5 * layout.count
        if hyperparameters.parameterPerturbation != .off {
            // ε and what the perturbed parameters were.
            parameters +=
                2 * self.parameters(of: hyperparameters.perturbedModules).reduce(0) { $0 + $1.parameter.count }
        }
        let longest = unitCounts.sorted(by: >).prefix(hyperparameters.batchSize)
        // Kept for the backward pass: the clean pass's uni-modal encodings while a second pass is made.
        let hasSecondPass = hyperparameters.temporalMasking != .off || hyperparameters.augmentation != .none
        let unimodal = hyperparameters.unimodalBlocks * (hasSecondPass ? 2 : 1)
        let activations = longest.reduce(0, +) * (unimodal + multimodalBlocks) * keptColumns
        return 4 * (parameters + activations) + scratchBytes(longest: longest.first ?? 0)
    }

    /// Of a prediction: the activations of one block, beside the parameters.
    ///
    /// - Parameters:
    ///   - units: of all clips of the batch.
    ///   - longest: of its longest clip.
    package func predictionBytes(units: Int, longest: Int) -> Int {
        4 * units * keptColumns / 2 + scratchBytes(longest: longest)
    }

    /// Of parameters in memory, packed for products as well.
    var loadedBytes: Int { 2 * 4 * layout.count }

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

    /// What attention takes on all threads.
    private func scratchBytes(longest: Int) -> Int {
        guard configuration.hyperparameters.backbone == .transformer, multimodalBlocks > 0 else { return 0 }
        return min(Parallel.threads, configuration.hyperparameters.heads)
            * MultiHeadAttention.scratchBytes(rows: min(longest, MultiHeadAttention.longestSequence))
    }
}
