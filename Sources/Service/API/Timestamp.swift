import Foundation

/// A time as clients see it: RFC 3339 in UTC with milliseconds.
struct Timestamp: Encodable {
    /// Since 1970.
    let milliseconds: Int64

    init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(_ milliseconds: Int64?) {
        guard let milliseconds else { return nil }
        self.milliseconds = milliseconds
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}

extension Schema {
    /// As a ``Timestamp`` looks.
    static let time = Schema.string(format: "date-time")
}
