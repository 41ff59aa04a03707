/// Why a training could not go on.
package enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// At this step a loss, its gradient, the parameters or the moments of the optimizer were no longer finite, or the
    /// model can compute no clip any more.
    case diverged(step: Int)
    /// The model can compute clips it was trained on, but none of the validation split.
    case validationNotComputable(clips: Int)

    package var description: String {
        switch self {
        case .diverged(let step):
            "the training diverged: at step \(step) its losses, gradient, parameters or answers were no longer finite; "
                + "a smaller learning_rate may help"
        case .validationNotComputable(let clips):
            "none of the \(clips) clips of the validation split can be computed, so that no epoch can be selected: "
                + "their features are too large"
        }
    }
}
