package import Foundation

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
