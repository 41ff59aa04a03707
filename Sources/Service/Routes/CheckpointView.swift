import Jobs

/// A checkpoint as the API shows it.
struct CheckpointView: Encodable {
    private let object = "checkpoint"
    /// Steps done, by which it is named.
    private let step: Int
    private let epoch: Int
    private let attempt: Int
    private let digest: String
    private let byteCount: Int64
    private let createdAt: Timestamp

    init(_ record: CheckpointRecord) {
        step = record.step
        epoch = record.epoch
        attempt = record.attempt
        digest = record.digest
        byteCount = record.byteCount
        createdAt = Timestamp(record.createdAt)
    }

    static let schema = Schema.object([
        .init("object", .words(["checkpoint"])),
        .init("step", .integer(0...Int.max, "Steps done, by which it is named")),
        .init("epoch", .integer(0...Int.max, "Epochs done")),
        .init("attempt", .integer(1...Int.max, "The attempt that wrote it")),
        .init("digest", .string()),
        .init("byte_count", .integer(0...Int.max)),
        .init("created_at", .time),
    ]).named("Checkpoint")
}
