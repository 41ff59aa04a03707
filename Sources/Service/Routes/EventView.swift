import Jobs
import JSON

/// An event of a job as clients see it.
struct EventView: Encodable {
    private let sequence: Int
    private let kind: String
    private let attempt: Int
    private let createdAt: Timestamp
    private let data: JSONValue

    init(_ record: EventRecord) throws {
        sequence = record.sequence
        kind = record.kind
        attempt = record.attempt
        createdAt = Timestamp(record.createdAt)
        data = try JSONReader.value(Array(record.document))
    }

    static let schema = Schema.object([
        .init("sequence", .integer(1...Int.max, "Without gaps within a job")),
        .init("kind", .string()), .init("attempt", .integer(0...Int.max)), .init("created_at", .time),
        .init("data", .object([], others: .any)),
    ]).named("Event")
}
