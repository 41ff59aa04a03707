import GRDB
import Platform

/// The jobs: what is to be done, what is being done and what came of it.
///
/// A change of state and the event that tells of it are one transaction. A job that is over never changes its state.
package struct JobStore: Sendable {
    static let select = "SELECT jobs.*, datasets.id AS dataset_id FROM jobs JOIN datasets ON dataset = datasets.ordinal"

    let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Makes a job that waits for a slot, and freezes its data set.
    ///
    /// - Parameter validate: runs inside the transaction with the data set; whatever it throws makes no job.
    /// - Returns: the job, and whether it is new; it is not when its idempotency key was used for the same request.
    /// - Throws: ``JobStoreError/unknownDataset(id:)``, ``JobStoreError/idempotencyConflict(key:)``.
    package func submit(
        _ submission: JobSubmission,
        validate: @escaping @Sendable (DatasetRecord) throws -> Void = { _ in }
    ) async throws -> (job: JobRecord, isNew: Bool) {
        let id = database.options.makeIdentifier("job")
        let now = database.options.clock.now()
        return try await database.write { connection in
            if let key = submission.idempotency, let earlier = try Self.earlierJob(for: key, on: connection) {
                return (earlier, false)
            }
            guard let dataset = try DatasetStore.fetch(submission.dataset, on: connection) else {
                throw JobStoreError.unknownDataset(id: submission.dataset)
            }
            try validate(dataset)
            try connection.execute(
                sql: "UPDATE datasets SET frozen_at = ? WHERE id = ? AND frozen_at IS NULL",
                arguments: [now, submission.dataset]
            )
            try connection.execute(
                sql: """
                    INSERT INTO jobs
                        (id, dataset, model, document, state, priority, max_attempts, idempotency_key, request_digest,
                         created_at, updated_at)
                    SELECT ?, ordinal, ?, ?, 'queued', ?, ?, ?, ?, ?, ? FROM datasets WHERE id = ?
                    """,
                arguments: [
                    id, submission.model, submission.document.text, submission.priority, submission.maxAttempts,
                    submission.idempotency?.key, submission.idempotency?.digest, now, now, submission.dataset,
                ]
            )
            try Self.enter(.queued, job: connection.lastInsertedRowID, at: now, on: connection)
            database.announce(.queue, .job(id), after: connection)
            guard let job = try Self.fetch(id, on: connection) else { preconditionFailure("a new job is gone") }
            return (job, true)
        }
    }

    /// The job `id`, or nil.
    package func get(_ id: String) async throws -> JobRecord? {
        try await database.read { try Self.fetch(id, on: $0) }
    }

    /// Jobs from the newest to the oldest, of one state or all, beginning after the one named `after`.
    ///
    /// - Throws: ``JobStoreError/unknownCursor(_:)``.
    package func list(
        state: JobState? = nil,
        after: String? = nil,
        limit: Int = 100
    ) async throws -> Page<JobRecord> {
        precondition(limit > 0, "a page holds at least one job")
        return try await database.read { connection in
            var bound = Int64.max
            if let after {
                guard let ordinal = try Self.ordinal(of: after, on: connection) else {
                    throw JobStoreError.unknownCursor(after)
                }
                bound = ordinal
            }
            let condition = state == nil ? "" : "AND state = ?"
            var arguments: StatementArguments = [bound]
            if let state {
                arguments += [state.rawValue]
            }
            let rows = try Row.fetchAll(
                connection,
                sql: "\(Self.select) WHERE jobs.ordinal < ? \(condition) ORDER BY jobs.ordinal DESC LIMIT ?",
                arguments: arguments + [limit + 1]
            )
            return try Page(Self.records(rows, on: connection), limit: limit)
        }
    }

    /// Ends a job that waits at once, and asks for the end of one that runs. Asking again is harmless.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/over(id:state:)`` unless it was cancelled.
    package func requestCancel(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> JobRecord {
        let now = database.options.clock.now()
        return try await database.write { connection in
            guard let job = try Self.fetch(id, on: connection), let ordinal = try Self.ordinal(of: id, on: connection)
            else { throw JobStoreError.notFound(id: id) }
            try validate(job)
            switch job.state {
            case .queued, .paused:
                try Self.enter(.cancelled, job: ordinal, at: now, on: connection)
                database.announce(.job(id), after: connection)
            case .running, .pausing:
                try Self.enter(.cancelling, job: ordinal, at: now, on: connection)
                database.announce(.job(id), .stop(id), after: connection)
            case .cancelling, .cancelled:
                break
            case .succeeded, .failed:
                throw JobStoreError.over(id: id, state: job.state)
            }
            return try Self.fetch(id, on: connection) ?? job
        }
    }

    /// Forgets a job that is over, with its attempts, events and metrics. The model versions that came of it stay.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Returns: the paths of its files, which are pending and can go.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/notOver(id:state:)``.
    package func delete(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> [String] {
        try await database.write { connection in
            guard let job = try Self.fetch(id, on: connection) else { throw JobStoreError.notFound(id: id) }
            try validate(job)
            guard job.state.isOver else { throw JobStoreError.notOver(id: id, state: job.state) }
            try connection.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id])
            let files = [DataLayout.log(job: id)]
            try PendingFiles.add(files, on: connection)
            database.announce(.job(id), after: connection)
            return files
        }
    }

    /// A stream that yields at once, and again after each change of the job, its events or its metrics. Changes while
    /// the listener is busy are folded into one: read the job on each element.
    package func changes(of id: String) -> AsyncStream<Void> {
        database.changes.listen(to: .job(id))
    }

    private static func earlierJob(
        for idempotency: JobSubmission.Idempotency,
        on connection: Connection
    ) throws -> JobRecord? {
        let row = try Row.fetchOne(
            connection,
            sql: "SELECT id, request_digest FROM jobs WHERE idempotency_key = ?",
            arguments: [idempotency.key]
        )
        guard let row else { return nil }
        guard row["request_digest"] == idempotency.digest else {
            throw JobStoreError.idempotencyConflict(key: idempotency.key)
        }
        return try fetch(row["id"], on: connection)
    }
}
