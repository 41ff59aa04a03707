import Emotion
import Jobs
import JSON

/// A checkpoint as the API shows it.
struct CheckpointView: Encodable {
    private let object = "checkpoint"
    /// Steps done, by which it is named.
    private let step: Int
    private let epoch: Int
    private let attempt: Int
    private let digest: String
    private let byteCount: Int64
    /// Of training until then.
    private let seconds: Double?
    /// Counted from 1; nil before the first epoch is evaluated.
    private let bestEpoch: Int?
    /// Of the best epoch, by name: what a training can be selected by.
    private let validation: [String: Double]?
    private let createdAt: Timestamp

    init(_ record: CheckpointRecord) throws {
        let summary = try JSONReader.decode(CheckpointSummary.self, from: record.document)
        step = record.step
        epoch = record.epoch
        attempt = record.attempt
        digest = record.digest
        byteCount = record.byteCount
        seconds = summary.seconds
        bestEpoch = summary.bestEpoch
        validation = summary.validation.map { metrics in
            Dictionary(
                uniqueKeysWithValues: Hyperparameters.SelectionMetric.allCases.map { ($0.rawValue, $0.value(metrics)) })
        }
        createdAt = Timestamp(record.createdAt)
    }

    static let schema = Schema.object([
        .init("object", .words(["checkpoint"])),
        .init("step", .integer(0...Int.max, "Steps done, by which it is named")),
        .init("epoch", .integer(0...Int.max, "Epochs done")),
        .init("attempt", .integer(1...Int.max, "The attempt that wrote it")),
        .init("digest", .string()),
        .init("byte_count", .integer(0...Int.max)),
        .init("seconds", .number(0...Double.infinity, "Of training until then"), isRequired: false),
        .init("best_epoch", .integer(1...Int.max, "The best one until then"), isRequired: false),
        .init("validation", .dictionary(of: .number(), "What that came to"), isRequired: false),
        .init("created_at", .time),
    ]).named("Checkpoint")
}
