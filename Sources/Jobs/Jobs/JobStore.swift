import GRDB
import Platform

/// The jobs: what is to be done, what is being done and what came of it.
///
/// A change of state and the event that tells of it are one transaction. A job that is over never changes its state.
package struct JobStore: Sendable {
    static let select = """
        SELECT jobs.*, datasets.id AS dataset_id, sweeps.id AS sweep_id
        FROM jobs JOIN datasets ON dataset = datasets.ordinal LEFT JOIN sweeps ON sweep = sweeps.ordinal
        """

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
            if let key = submission.idempotency,
                let earlier = try IdempotencyKeys.job(for: key, at: now, on: connection)
            {
                guard let job = try Self.fetch(earlier, on: connection) else {
                    preconditionFailure("a key goes with its job")
                }
                return (job, false)
            }
            try DatasetStore.freeze(submission.dataset, at: now, on: connection, validate)
            let ordinal = try Self.insert(submission, id: id, at: now, on: connection)
            if let key = submission.idempotency {
                try IdempotencyKeys.insert(key, job: ordinal, at: now, on: connection)
            }
            database.announce(.queue, .job(id))
            guard let job = try Self.fetch(id, on: connection) else { preconditionFailure("a new job is gone") }
            return (job, true)
        }
    }

    /// The job `id`, or nil.
    package func get(_ id: String) async throws -> JobRecord? {
        try await database.read { try Self.fetch(id, on: $0) }
    }

    /// The job `id` as soon as `condition` holds, at the latest when `patience` returns or the store is closed; nil when it is
    /// gone.
    package func get(
        _ id: String,
        until condition: @escaping @Sendable (JobRecord) -> Bool,
        patience: @escaping @Sendable () async -> Void
    ) async throws -> JobRecord? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in changes(of: id) {
                    guard let job = try await get(id), !condition(job) else { return }
                }
            }
            group.addTask { await patience() }
            try await group.next()
            group.cancelAll()
        }
        return try await get(id)
    }

    /// Jobs from the newest to the oldest, of one state or all, of one sweep or all, beginning after the one named `after`.
    ///
    /// - Throws: ``JobStoreError/unknownCursor(_:)``, ``JobStoreError/unknownSweep(id:)``.
    package func list(
        state: JobState? = nil,
        sweep: String? = nil,
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
            var conditions = "jobs.ordinal < ?"
            var arguments: StatementArguments = [bound]
            if let state {
                conditions += " AND state = ?"
                arguments += [state.rawValue]
            }
            if let sweep {
                guard let ordinal = try SweepStore.ordinal(of: sweep, on: connection) else {
                    throw JobStoreError.unknownSweep(id: sweep)
                }
                conditions += " AND sweep = ?"
                arguments += [ordinal]
            }
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: "\(Self.select) WHERE \(conditions) ORDER BY jobs.ordinal DESC LIMIT ?"),
                arguments: arguments + [limit + 1]
            )
            return try Page(Self.records(rows, on: connection), limit: limit)
        }
    }

    /// Forgets a job that is over and of no sweep, with its attempts, events and metrics. The model versions that came of it
    /// stay.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Returns: the paths of its files, which are pending and can go.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/partOfSweep(id:sweep:)``,
    ///   ``JobStoreError/notOver(id:state:)``.
    package func delete(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> [String] {
        try await database.write { connection in
            guard let job = try Self.fetch(id, on: connection) else { throw JobStoreError.notFound(id: id) }
            try validate(job)
            if let sweep = job.sweep { throw JobStoreError.partOfSweep(id: id, sweep: sweep.id) }
            guard job.state.isOver else { throw JobStoreError.notOver(id: id, state: job.state) }
            let files = try Self.forget(job, on: connection)
            database.announce(.job(id))
            return files
        }
    }

    /// Forgets the jobs that were over before a time, but for those of sweeps; so many at a time, the oldest first.
    ///
    /// - Parameter time: in milliseconds since 1970.
    /// - Returns: the paths of their files, which are pending and can go.
    package func deleteFinished(before time: Int64, limit: Int = 100) async throws -> [String] {
        try await database.write { connection in
            let ids = try String.fetchAll(
                connection.cachedStatement(
                    sql: "SELECT id FROM jobs WHERE finished_at < ? AND sweep IS NULL ORDER BY finished_at LIMIT ?"),
                arguments: [time, limit]
            )
            var files: [String] = []
            for id in ids {
                guard let job = try Self.fetch(id, on: connection) else { continue }
                files += try Self.forget(job, on: connection)
                database.announce(.job(id))
            }
            return files
        }
    }

    /// A stream that yields at once, and again after each change of the job, its events or its metrics. Changes while
    /// the listener is busy are folded into one: read the job on each element.
    package func changes(of id: String) -> AsyncStream<Void> {
        database.changes.listen(to: .job(id))
    }
}
