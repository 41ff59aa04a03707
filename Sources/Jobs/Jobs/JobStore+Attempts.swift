import Foundation
import GRDB
import Platform

/// What a worker pool does with jobs.
extension JobStore {
    /// Takes on the waiting job of the highest priority, of those the oldest, and begins its next attempt. The folder it may
    /// write to is pending from then on.
    ///
    /// - Parameter excluded: jobs that are not to be taken yet.
    package func claim(excluding excluded: [String] = []) async throws -> ClaimedJob? {
        let now = database.options.clock.now()
        return try await database.write { connection in
            let row = try Row.fetchOne(
                connection,
                // Without the hint SQLite reads and sorts all waiting jobs.
                sql: """
                    SELECT ordinal, id FROM jobs INDEXED BY jobs_waiting
                    WHERE state = 'queued' AND id NOT IN (\(databaseQuestionMarks(count: excluded.count)))
                    ORDER BY priority DESC, ordinal LIMIT 1
                    """,
                arguments: StatementArguments(excluded)
            )
            guard let row else { return nil }
            let ordinal: Int64 = row["ordinal"]
            try connection.execute(
                sql: "UPDATE jobs SET attempt = attempt + 1, progress = NULL, started_at = ? WHERE ordinal = ?",
                arguments: [now, ordinal]
            )
            try connection.execute(
                sql: """
                    INSERT INTO attempts (job, number, outcome, started_at)
                    SELECT ordinal, attempt, 'running', ? FROM jobs WHERE ordinal = ?
                    """,
                arguments: [now, ordinal]
            )
            try Self.enter(.running, job: ordinal, at: now, on: connection)
            database.announce(.job(row["id"]), after: connection)
            guard let job = try Self.fetch(row["id"], on: connection),
                let dataset = try DatasetStore.fetch(job.dataset, on: connection)
            else { preconditionFailure("a claimed job is gone") }
            let claimed = ClaimedJob(job: job, dataset: dataset)
            try PendingFiles.add([DataLayout.work(claimed.token)], on: connection)
            return claimed
        }
    }

    /// Writes down what a running attempt reports, all of it or, when the attempt has been given up, nothing.
    ///
    /// A metric of a step that was reported before is overwritten.
    ///
    /// - Returns: whether the attempt still stands.
    @discardableResult
    package func record(_ report: AttemptReport, of token: AttemptToken) async throws -> Bool {
        let now = database.options.clock.now()
        return try await database.write { connection in
            guard let ordinal = try Self.ordinal(of: token, on: connection) else { return false }
            guard !report.isEmpty else { return true }
            if let progress = report.progress {
                let document = try JSONEncoder().encode(progress)
                try connection.execute(
                    sql: "UPDATE jobs SET progress = ? WHERE ordinal = ?",
                    arguments: [document.text, ordinal]
                )
            }
            let statement = try connection.cachedStatement(
                sql: "INSERT OR REPLACE INTO metrics (job, name, step, value) VALUES (?, ?, ?, ?)"
            )
            for metric in report.metrics {
                let value = metric.value.isFinite ? metric.value : nil
                try statement.execute(arguments: [ordinal, metric.name, metric.step, value])
            }
            try Self.append(report.events, job: ordinal, at: now, on: connection)
            database.announce(.job(token.job), after: connection)
            return true
        }
    }

    /// Ends a running attempt, and with it the job or only this try at it.
    ///
    /// Of a job that is to be cancelled the attempt ends as cancelled however it went.
    ///
    /// - Returns: the job as it now is, or nil when the attempt had been given up and nothing changed.
    @discardableResult
    package func finish(_ token: AttemptToken, _ outcome: AttemptOutcome) async throws -> JobRecord? {
        let now = database.options.clock.now()
        return try await database.write { connection in
            guard let ordinal = try Self.ordinal(of: token, on: connection),
                let job = try Self.fetch(token.job, on: connection)
            else { return nil }
            let outcome = job.state == .cancelling ? .cancelled : outcome
            switch outcome {
            case .succeeded(let result, let models):
                for model in models {
                    let job = (ordinal: ordinal, id: token.job)
                    database.announce(
                        try ModelStore.insert(model, job: job, at: now, on: connection),
                        after: connection
                    )
                }
                try connection.execute(
                    sql: "UPDATE jobs SET result = ? WHERE ordinal = ?",
                    arguments: [result.text, ordinal]
                )
                try Self.close(.succeeded, error: nil, of: ordinal, at: now, on: connection)
                try Self.enter(.succeeded, job: ordinal, at: now, on: connection)
            case .failed(let error, let isFinal):
                try Self.close(.failed, error: error, of: ordinal, at: now, on: connection)
                let failures = try Int.fetchOne(
                    connection,
                    sql: "UPDATE jobs SET failures = failures + 1 WHERE ordinal = ? RETURNING failures",
                    arguments: [ordinal]
                )
                if !isFinal, let failures, failures < job.maxAttempts {
                    try Self.enter(.queued, job: ordinal, note: ["error": error], at: now, on: connection)
                    database.announce(.queue, after: connection)
                } else {
                    try connection.execute(
                        sql: "UPDATE jobs SET error = ? WHERE ordinal = ?",
                        arguments: [error, ordinal]
                    )
                    try Self.enter(.failed, job: ordinal, note: ["error": error], at: now, on: connection)
                }
            case .cancelled:
                try Self.close(.cancelled, error: nil, of: ordinal, at: now, on: connection)
                try Self.enter(.cancelled, job: ordinal, at: now, on: connection)
            case .interrupted(let reason):
                try Self.requeue(ordinal, reason: reason, at: now, on: connection)
                database.announce(.queue, after: connection)
            }
            database.announce(.job(token.job), after: connection)
            return try Self.fetch(token.job, on: connection)
        }
    }

    /// Gives up the attempts that a server which is gone left behind: their jobs wait again, and the attempts do not
    /// count; jobs that were to be cancelled are. To be called once, before a pool runs.
    ///
    /// - Returns: the jobs that wait again.
    @discardableResult
    package func requeueInterrupted() async throws -> [String] {
        let now = database.options.clock.now()
        return try await database.write { connection in
            var requeued: [String] = []
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT ordinal, id, state FROM jobs WHERE state IN ('running', 'pausing', 'cancelling')
                    ORDER BY ordinal
                    """
            )
            for row in rows {
                let ordinal: Int64 = row["ordinal"]
                if JobState(stored: row["state"]) == .cancelling {
                    try Self.close(.cancelled, error: nil, of: ordinal, at: now, on: connection)
                    try Self.enter(.cancelled, job: ordinal, at: now, on: connection)
                } else {
                    try Self.requeue(ordinal, reason: "the server stopped", at: now, on: connection)
                    requeued.append(row["id"])
                }
                database.announce(.job(row["id"]), after: connection)
            }
            database.announce(.queue, after: connection)
            return requeued
        }
    }

    /// Has every slot look for a job.
    func announceQueue() {
        database.changes.publish(.queue)
    }

    /// A stream that yields at once, and whenever a job may be waiting for a slot.
    func queueChanges() -> AsyncStream<Void> {
        database.changes.listen(to: .queue)
    }

    /// A stream that yields at once, and when the running attempt of a job shall end.
    func stopRequests(of id: String) -> AsyncStream<Void> {
        database.changes.listen(to: .stop(id))
    }

    /// The row of the job whose running attempt `token` names, or nil when that attempt has been given up.
    private static func ordinal(of token: AttemptToken, on connection: Connection) throws -> Int64? {
        try Int64.fetchOne(
            connection,
            sql: """
                SELECT ordinal FROM jobs
                WHERE id = ? AND attempt = ? AND state IN ('running', 'pausing', 'cancelling')
                """,
            arguments: [token.job, token.attempt]
        )
    }

    private static func requeue(_ job: Int64, reason: String, at now: Int64, on connection: Connection) throws {
        try close(.interrupted, error: reason, of: job, at: now, on: connection)
        try enter(.queued, job: job, note: ["reason": reason], at: now, on: connection)
    }

    private static func close(
        _ outcome: AttemptRecord.Outcome,
        error: String?,
        of job: Int64,
        at now: Int64,
        on connection: Connection
    ) throws {
        try connection.execute(
            sql: """
                UPDATE attempts SET outcome = ?, error = ?, finished_at = ?
                WHERE job = ? AND number = (SELECT attempt FROM jobs WHERE ordinal = attempts.job)
                """,
            arguments: [outcome.rawValue, error, now, job]
        )
    }
}
