import GRDB
import Platform

/// The sweeps, each of which makes, cancels and deletes its jobs together.
package struct SweepStore: Sendable {
    let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Makes a sweep with all of its jobs, which wait for slots, and freezes their data set: all of it or, when something
    /// is wrong, nothing.
    ///
    /// - Parameter validate: runs inside the transaction with the data set; whatever it throws makes nothing.
    /// - Returns: the sweep, and whether it is new; it is not when its idempotency key was used for the same request.
    /// - Throws: ``JobStoreError/unknownDataset(id:)``, ``JobStoreError/idempotencyConflict(key:)``.
    package func submit(
        _ submission: SweepSubmission,
        validate: @escaping @Sendable (DatasetRecord) throws -> Void = { _ in }
    ) async throws -> (sweep: SweepRecord, isNew: Bool) {
        let id = database.options.makeIdentifier("sweep")
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            if let key = submission.idempotency,
                let job = try IdempotencyKeys.job(for: key, at: now, on: connection)
            {
                guard let sweep = try Self.fetch(ofJob: job, on: connection) else {
                    throw JobStoreError.idempotencyConflict(key: key.key)
                }
                return (sweep, false)
            }
            try DatasetStore.freeze(submission.dataset, at: now, on: connection, validate)
            try connection.execute(
                sql: "INSERT INTO sweeps (id, document, created_at) VALUES (?, ?, ?)",
                arguments: [id, submission.document.text, now]
            )
            let sweep = connection.lastInsertedRowID
            for (index, job) in submission.jobs.enumerated() {
                let row = try JobStore.insert(
                    job.submission, id: database.options.makeIdentifier("job"), sweep: (sweep, job.cell), at: now,
                    on: connection)
                // The first stands for all: none of them goes without the sweep.
                if index == 0, let key = submission.idempotency {
                    try IdempotencyKeys.insert(key, job: row, at: now, on: connection)
                }
            }
            database.announce(.queue)
            guard let record = try Self.fetch(id, on: connection) else { preconditionFailure("a new sweep is gone") }
            return (record, true)
        }
    }

    /// The sweep `id`, or nil.
    package func get(_ id: String) async throws -> SweepRecord? {
        try await database.read { try Self.fetch(id, on: $0) }
    }

    /// Sweeps from the newest to the oldest, beginning after the one named `after`.
    ///
    /// - Throws: ``SweepStoreError/unknownCursor(_:)``.
    package func list(after: String? = nil, limit: Int = 100) async throws -> Page<SweepRecord> {
        precondition(limit > 0, "a page holds at least one sweep")
        return try await database.read { connection in
            var bound = Int64.max
            if let after {
                guard let ordinal = try Self.ordinal(of: after, on: connection) else {
                    throw SweepStoreError.unknownCursor(after)
                }
                bound = ordinal
            }
            let rows = try Row.fetchAll(
                connection,
                sql: "SELECT * FROM sweeps WHERE ordinal < ? ORDER BY ordinal DESC LIMIT ?",
                arguments: [bound, limit + 1]
            )
            return try Page(Self.records(rows, on: connection), limit: limit)
        }
    }

    /// The jobs of a sweep in the order in which they were made, in one statement.
    ///
    /// - Parameters:
    ///   - seed: where the seed is in the documents of jobs, as a JSON path of SQLite.
    ///   - values: where the numbers asked for are in their results.
    /// - Throws: ``SweepStoreError/notFound(id:)``.
    package func jobs(of id: String, seed: String, values: [String]) async throws -> [SweepJob] {
        try await database.read { connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else {
                throw SweepStoreError.notFound(id: id)
            }
            let columns = values.map { _ in ", json_extract(result, ?)" }.joined()
            let rows = try Row.fetchCursor(
                connection,
                sql: """
                    SELECT id, cell, state, json_extract(document, ?)\(columns) FROM jobs WHERE sweep = ? ORDER BY ordinal
                    """,
                arguments: StatementArguments([seed] + values) + [ordinal]
            )
            var jobs: [SweepJob] = []
            while let row = try rows.next() {
                jobs.append(
                    SweepJob(
                        id: row[0], cell: row[1], state: JobState(stored: row[2]), seed: row[3],
                        // What a worker wrote where a number belongs may be none.
                        values: values.indices.map { Double.fromDatabaseValue(row[4 + $0]) }))
            }
            return jobs
        }
    }

    /// Forgets a sweep whose jobs are over, with its jobs: some in a transaction, so that nobody waits long for the history of
    /// all of them to go. The versions of models that came of them stay.
    ///
    /// - Parameter gone: is told of the files of jobs that are gone, which are pending and can go, and of their versions, which
    ///   have no job any more.
    /// - Throws: ``SweepStoreError/notFound(id:)``, ``SweepStoreError/notOver(id:jobs:)``. After any other error some of its
    ///   jobs may be gone, and it can be deleted again.
    package func delete(
        _ id: String, gone: ([String], [JobRecord.ModelReference]) async throws -> Void
    ) async throws {
        let ordinal = try await database.read { connection in
            guard let sweep = try Self.fetch(id, on: connection), let ordinal = try Self.ordinal(of: id, on: connection)
            else { throw SweepStoreError.notFound(id: id) }
            // What is over stays over.
            guard sweep.isOver else {
                let rest = sweep.counts.filter { !$0.key.isOver }.values.reduce(0, +)
                throw SweepStoreError.notOver(id: id, jobs: rest)
            }
            return ordinal
        }
        while let (files, versions) = try await deleteSome(of: ordinal) { try await gone(files, versions) }
    }

    /// Forgets the newest jobs of a sweep or, when it has none, the sweep; the first job, which its idempotency key goes with, is
    /// the last.
    ///
    /// - Returns: nil when it was the sweep.
    private func deleteSome(of sweep: Int64) async throws -> (files: [String], versions: [JobRecord.ModelReference])? {
        try await database.write { [database] connection in
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: "\(JobStore.select) WHERE sweep = ? ORDER BY jobs.ordinal DESC LIMIT \(Self.deletedTogether)"),
                arguments: [sweep])
            guard !rows.isEmpty else {
                try connection.execute(sql: "DELETE FROM sweeps WHERE ordinal = ?", arguments: [sweep])
                return nil
            }
            let jobs = try JobStore.records(rows, on: connection)
            let files = try jobs.flatMap { try JobStore.forget($0, on: connection) }
            for job in jobs { database.announce(.job(job.id)) }
            return (files, jobs.flatMap(\.versions))
        }
    }

    private static let deletedTogether = 20

    /// Ends the jobs of a sweep that wait at once, and asks for the end of those that run. Asking again is harmless, and
    /// those that are over stay as they are.
    ///
    /// - Throws: ``SweepStoreError/notFound(id:)``.
    package func cancel(_ id: String) async throws -> SweepRecord {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else {
                throw SweepStoreError.notFound(id: id)
            }
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT ordinal, id, state FROM jobs
                    WHERE sweep = ? AND state IN ('queued', 'running', 'pausing', 'paused') ORDER BY ordinal
                    """,
                arguments: [ordinal]
            )
            for row in rows {
                try JobStore.cancel(
                    row["id"], in: JobState(stored: row["state"]), row: row["ordinal"], at: now, database, connection)
                database.announce(.job(row["id"]))
            }
            guard let sweep = try Self.fetch(id, on: connection) else { throw SweepStoreError.notFound(id: id) }
            return sweep
        }
    }
}
