import Emotion

/// How far a training was, for people: what a worker says of a checkpoint.
struct CheckpointSummary: Codable {
    /// Of training so far.
    let seconds: Double?
    /// The epoch that would be kept, counted from 1, and what it came to on the validation split; nil before the first one
    /// is evaluated.
    let bestEpoch: Int?
    let validation: Metrics?

    init(_ state: TrainingState) {
        seconds = state.seconds
        bestEpoch = state.bestEpoch?.epoch
        validation = state.bestEpoch?.validation
    }

    private enum CodingKeys: String, CodingKey {
        case seconds, validation
        case bestEpoch = "best_epoch"
    }
}
