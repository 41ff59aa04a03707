import Emotion
import JSON

/// What an evaluation was asked for; the document of its record.
struct EvaluationDocument: Codable, Sendable {
    /// The thresholds that labels are counted at; nil for that of the model.
    var thresholds: Thresholds?
}

/// What came of an evaluation; the result of its record.
struct EvaluationResult: Codable, Sendable {
    let clips: Int
    /// Of the split, over its content.
    let contentDigest: String
    /// Those that ``metrics`` are counted at, one per label.
    let thresholds: Thresholds
    let metrics: Metrics
    /// At 0.5 and at the tuned thresholds, side by side.
    let byThreshold: ThresholdComparison
    /// Per label; nil for evaluations made before these were kept.
    let curves: [LabelCurves]?
}
