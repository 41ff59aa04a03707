/// A job that a slot has taken on.
package struct ClaimedJob: Sendable {
    /// The job as it was when claimed.
    package var job: JobRecord
    package var dataset: DatasetRecord

    /// What every write of the attempt has to show.
    package var token: AttemptToken {
        AttemptToken(job: job.id, attempt: job.attempt)
    }
}

/// Names one attempt at one job. Writes that show it change nothing once the attempt has been given up.
package struct AttemptToken: Sendable, Hashable {
    package var job: String
    package var attempt: Int

    package init(job: String, attempt: Int) {
        self.job = job
        self.attempt = attempt
    }
}
