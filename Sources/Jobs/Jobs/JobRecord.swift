package import Foundation
import GRDB
import JSON

/// A job as stored.
package struct JobRecord: Sendable, Equatable {
    /// A version of a model.
    package struct ModelReference: Sendable, Equatable {
        package var name: String
        package var version: Int
        /// The step of the checkpoint it was promoted from; nil for what the job ended with.
        package var checkpoint: Int?

        package init(name: String, version: Int, checkpoint: Int? = nil) {
            self.name = name
            self.version = version
            self.checkpoint = checkpoint
        }
    }

    /// A place in a sweep.
    package struct SweepReference: Sendable, Equatable {
        package var id: String
        /// The cell, counted from 0.
        package var cell: Int
    }

    package var id: String
    /// The identifier of the data set it uses.
    package var dataset: String
    /// The name of the model that comes of it.
    package var model: String
    /// nil for a job by itself.
    package var sweep: SweepReference?
    /// JSON of the service: the job's whole specification.
    package var document: Data
    package var state: JobState
    package var priority: Int
    package var maxAttempts: Int
    /// The number of the latest attempt; 0 before the first.
    package var attempt: Int
    /// The attempts that count against `maxAttempts`.
    package var failures: Int
    /// Of a job that waits: how long it shall wait before it may run again, in milliseconds; nil when it may run.
    package var delay: Int64?
    /// How long its attempts may run together, in milliseconds.
    package var timeLimit: Int64?
    /// How long its attempts have run, in milliseconds.
    package var ran: Int64
    /// What the latest attempt last said of itself.
    package var progress: JobProgress?
    /// JSON of the worker, once the job has succeeded.
    package var result: Data?
    /// Why the job failed, once it has.
    package var error: String?
    /// Grows with every change of the job, its events or its metrics.
    package var revision: Int64
    /// The sequence number of the last event.
    package var lastEvent: Int
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// Milliseconds since 1970.
    package var updatedAt: Int64
    /// When the latest attempt began, in milliseconds since 1970.
    package var startedAt: Int64?
    /// When the job was over, in milliseconds since 1970.
    package var finishedAt: Int64?
    /// All attempts, in order.
    package var attempts: [AttemptRecord]
    /// The versions of models that came of it.
    package var versions: [ModelReference]
    /// Those that stay, the newest first.
    package var checkpoints: [CheckpointRecord]
}

extension JobRecord {
    /// From a row of `jobs` with the columns `dataset_id` and `sweep_id`, without attempts and versions.
    init(_ row: Row) throws {
        id = row["id"]
        dataset = row["dataset_id"]
        model = row["model"]
        sweep = (row["sweep_id"] as String?).map { SweepReference(id: $0, cell: row["cell"]) }
        document = row.document("document")
        state = JobState(stored: row["state"])
        priority = row["priority"]
        maxAttempts = row["max_attempts"]
        attempt = row["attempt"]
        failures = row["failures"]
        delay = row["delay"]
        timeLimit = row["time_limit"]
        ran = row["ran"]
        progress = try row.documentIfPresent("progress").map { try JSONReader.decode(JobProgress.self, from: $0) }
        result = row.documentIfPresent("result")
        error = row["error"]
        revision = row["revision"]
        lastEvent = row["last_event"]
        createdAt = row["created_at"]
        updatedAt = row["updated_at"]
        startedAt = row["started_at"]
        finishedAt = row["finished_at"]
        attempts = []
        versions = []
        checkpoints = []
    }
}
