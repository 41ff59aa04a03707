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

/// A sweep to be made.
package struct SweepSubmission: Sendable {
    /// JSON of the service: the sweep's whole specification, with its cells.
    package var document: Data
    /// The data set of all of its jobs, which it freezes.
    package var dataset: String
    /// In the order in which they come, each with its cell, counted from 0 in the order of the document. At least one. The
    /// keys of their requests do not count.
    package var jobs: [(submission: JobSubmission, cell: Int)]
    package var idempotency: JobSubmission.Idempotency?

    package init(
        document: Data,
        dataset: String,
        jobs: [(submission: JobSubmission, cell: Int)],
        idempotency: JobSubmission.Idempotency? = nil
    ) {
        precondition(!jobs.isEmpty, "a sweep has at least one job")
        self.document = document
        self.dataset = dataset
        self.jobs = jobs
        self.idempotency = idempotency
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

/// Why something asked of a ``SweepStore`` cannot be done.
package enum SweepStoreError: Error, Equatable, CustomStringConvertible {
    case notFound(id: String)
    /// The `after` of a list names no sweep.
    case unknownCursor(String)
    /// Jobs of the sweep have not ended, so it cannot be deleted.
    case notOver(id: String, jobs: Int)

    package var description: String {
        switch self {
        case .notFound(let id): "there is no sweep \(id)"
        case .unknownCursor(let id): "after: there is no sweep \(id)"
        case .notOver(let id, let jobs):
            "\(jobs) job\(jobs > 1 ? "s" : "") of sweep \(id) \(jobs > 1 ? "are" : "is") not over: cancel it before it is deleted"
        }
    }
}
