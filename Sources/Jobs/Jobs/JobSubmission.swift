package import Foundation

/// A job to be done.
package struct JobSubmission: Sendable {
    /// The data set it uses, which it freezes.
    package var dataset: String
    /// The name of the model that comes of it.
    package var model: String
    /// JSON of the service: the job's whole specification.
    package var document: Data
    /// Higher is claimed earlier.
    package var priority: Int
    /// How many attempts may fail before the job does; at least 1.
    package var maxAttempts: Int
    package var idempotency: Idempotency?

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
        idempotency: Idempotency? = nil
    ) {
        precondition(maxAttempts >= 1, "a job has at least one attempt")
        self.dataset = dataset
        self.model = model
        self.document = document
        self.priority = priority
        self.maxAttempts = maxAttempts
        self.idempotency = idempotency
    }
}
