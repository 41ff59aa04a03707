package import Foundation
import GRDB

/// A sweep as stored: jobs on one data set that were made together, to be compared.
package struct SweepRecord: Sendable, Equatable {
    package var id: String
    /// JSON of the service: the sweep's whole specification, with its cells.
    package var document: Data
    /// How many of its jobs are in each state; those without jobs are left out.
    package var counts: [JobState: Int]
    /// Milliseconds since 1970.
    package var createdAt: Int64

    /// Whether all of its jobs are over.
    package var isOver: Bool { counts.keys.allSatisfy(\.isOver) }
}

extension SweepRecord {
    /// From a row of `sweeps`.
    init(_ row: Row, counts: [JobState: Int]) {
        self.init(id: row["id"], document: row.document("document"), counts: counts, createdAt: row["created_at"])
    }
}

/// What is compared of a job of a sweep.
package struct SweepJob: Sendable, Equatable {
    package var id: String
    package var cell: Int
    package var state: JobState
    /// nil where its document has none.
    package var seed: Int64?
    /// Numbers of its result, as many as were asked for; nil where there is none.
    package var values: [Double?]
}
