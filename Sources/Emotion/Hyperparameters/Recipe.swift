import Engine

/// A named set of values for all hyperparameters.
package enum Recipe: String, Sendable, CaseIterable {
    /// The equations of the paper.
    case paper
    /// What the authors' training script does.
    case reference

    package var hyperparameters: Hyperparameters {
        var result = Hyperparameters()
        guard self == .reference else { return result }
        result.classifier = .shared
        result.topKIterations = 100
        result.topKSide = .smallest
        result.perturbationScope = .all
        result.perturbationSource = .accumulated
        result.divergence = .softmax
        result.loss = .asymmetric
        result.clipNorm = 1
        result.replaceNonfinite = true
        return result
    }
}
