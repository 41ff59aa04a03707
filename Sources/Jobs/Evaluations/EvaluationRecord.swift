package import Foundation
import GRDB

/// A version of a model measured on a split.
package struct EvaluationRecord: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case queued, running, succeeded, failed

        package var isOver: Bool { self == .succeeded || self == .failed }
    }

    package var id: String
    /// Of the model.
    package var name: String
    package var version: Int
    /// The id of a data set, which may be gone.
    package var dataset: String
    package var split: String
    package var state: State
    /// JSON of the service: what was asked for.
    package var document: Data
    /// JSON of the service: what came of it; nil until it has succeeded.
    package var result: Data?
    /// Why it failed.
    package var error: String?
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var finishedAt: Int64?
}

extension EvaluationRecord {
    /// From a row of `evaluations`.
    init(_ row: Row) {
        self.init(
            id: row["id"], name: row["name"], version: row["version"], dataset: row["dataset"], split: row["split"],
            state: State(rawValue: row["state"])!, document: row.document("document"),
            result: row.documentIfPresent("result"),
            error: row["error"], createdAt: row["created_at"], finishedAt: row["finished_at"])
    }
}

/// Why evaluations cannot be listed as asked for.
package enum EvaluationError: Error, Equatable {
    case unknownCursor(String)
}
