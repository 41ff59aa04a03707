package import Foundation
import GRDB

/// Something that happened to a job.
package struct EventRecord: Sendable, Equatable {
    /// 1, 2, 3, … within the job, without gap.
    package var sequence: Int
    /// `state` for a change of state; whatever else the worker calls its events.
    package var kind: String
    /// The attempt it happened in; 0 before the first.
    package var attempt: Int
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// A JSON object. Of a `state` event: `state`, and where there is one, `error` or `reason`.
    package var document: Data
}

extension EventRecord {
    /// From a row of `events`.
    init(_ row: Row) {
        self.init(
            sequence: row["sequence"],
            kind: row["kind"],
            attempt: row["attempt"],
            createdAt: row["created_at"],
            document: row.document("document")
        )
    }
}
