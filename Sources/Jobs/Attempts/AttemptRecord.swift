import GRDB

/// One try at a job.
package struct AttemptRecord: Sendable, Equatable {
    package enum Outcome: String, Sendable {
        case running
        case succeeded
        case failed
        case cancelled
        /// Ended by something outside, such as the end of the server; does not count as a failure.
        case interrupted
    }

    /// 1, 2, 3, …
    package var number: Int
    package var outcome: Outcome
    /// Why it failed or was interrupted.
    package var error: String?
    /// Milliseconds since 1970.
    package var startedAt: Int64
    /// Milliseconds since 1970.
    package var finishedAt: Int64?

    package init(number: Int, outcome: Outcome, error: String? = nil, startedAt: Int64, finishedAt: Int64? = nil) {
        self.number = number
        self.outcome = outcome
        self.error = error
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

extension AttemptRecord {
    /// From a row of `attempts`.
    init(_ row: Row) {
        self.init(
            number: row["number"],
            outcome: Outcome(stored: row["outcome"]),
            error: row["error"],
            startedAt: row["started_at"],
            finishedAt: row["finished_at"]
        )
    }
}

extension RawRepresentable where RawValue == String {
    /// The case stored as `text`, in a column that a CHECK restricts to the cases.
    init(stored text: String) {
        guard let value = Self(rawValue: text) else {
            preconditionFailure("the database holds \(text), which no \(Self.self) is called")
        }
        self = value
    }
}
