package import Foundation

/// A job to be done.
package struct JobSubmission: Sendable {
    /// The data set it uses, which it freezes.
    package var dataset: String
    /// The name of the model that comes of it.
    package var model: String
    /// JSON of the service: the job's whole specification.
    package var document: Data
    /// Higher is claimed earlier, see ``priorityWorth``.
    package var priority: Int
    /// How many attempts may fail before the job does; at least 1.
    package var maxAttempts: Int
    /// How long its attempts may run together, in milliseconds; nil for as long as it takes.
    package var timeLimit: Int64?
    /// How many checkpoints stay; at least 1.
    package var keptCheckpoints: Int
    package var idempotency: Idempotency?

    /// What a point of priority is worth: as if the job had waited for so much longer, in milliseconds. A job of low priority
    /// is overtaken for a while and not for ever.
    static let priorityWorth: Int64 = 600_000

    /// A client's key for a request, so that sending it again makes nothing new.
    package struct Idempotency: Sendable, Equatable {
        package var key: String
        /// Digest of the body of the request, to tell a repetition from another request under the same key.
        package var digest: String

        package init(key: String, digest: String) {
            self.key = key
            self.digest = digest
        }
    }

    package init(
        dataset: String,
        model: String,
        document: Data,
        priority: Int = 0,
        maxAttempts: Int = 1,
        timeLimit: Int64? = nil,
        keptCheckpoints: Int = 3,
        idempotency: Idempotency? = nil
    ) {
        precondition(maxAttempts >= 1, "a job has at least one attempt")
        precondition(keptCheckpoints >= 1, "a job keeps at least one checkpoint")
        self.dataset = dataset
        self.model = model
        self.document = document
        self.priority = priority
        self.maxAttempts = maxAttempts
        self.timeLimit = timeLimit
        self.keptCheckpoints = keptCheckpoints
        self.idempotency = idempotency
    }
}
