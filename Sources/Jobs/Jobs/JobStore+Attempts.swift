import Foundation
import GRDB
import Platform

/// What a worker pool does with jobs.
extension JobStore {
    /// Takes on the waiting job whose turn it is, and begins its next attempt. The folder it may write to is pending from then
    /// on.
    package func claim() async throws -> ClaimedJob? {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            let row = try Row.fetchOne(
                connection,
                // Without the hint SQLite reads and sorts all waiting jobs.
                sql: """
                    SELECT ordinal, id FROM jobs INDEXED BY jobs_waiting
                    WHERE state = 'queued' AND delay IS NULL ORDER BY turn, ordinal LIMIT 1
                    """
            )
            guard let row else { return nil }
            let ordinal: Int64 = row["ordinal"]
            try connection.cachedStatement(
                sql: "UPDATE jobs SET attempt = attempt + 1, started_at = ? WHERE ordinal = ?"
            ).execute(arguments: [now, ordinal]
            )
            try connection.cachedStatement(
                sql: """
                    INSERT INTO attempts (job, number, outcome, started_at)
                    SELECT ordinal, attempt, 'running', ? FROM jobs WHERE ordinal = ?
                    """
            ).execute(arguments: [now, ordinal]
            )
            try Self.enter(.running, job: ordinal, at: now, on: connection)
            database.announce(.job(row["id"]))
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
    /// A metric of a step that was reported before is overwritten, and an event that was reported before is left out.
    /// Checkpoints are not recorded here but by ``keep(_:at:of:)``.
    ///
    /// - Parameter ran: for how long the attempt has run since its last report, in milliseconds.
    /// - Returns: whether the attempt still stands.
    @discardableResult
    package func record(_ report: AttemptReport, of token: AttemptToken, ran: Int64 = 0) async throws -> Bool {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let ordinal = try Self.ordinal(of: token, on: connection) else { return false }
            guard !report.isEmpty || ran > 0 else { return true }
            try connection.cachedStatement(sql: "UPDATE jobs SET ran = ran + ? WHERE ordinal = ?").execute(arguments: [
                ran, ordinal,
            ])
            if let progress = report.progress {
                let document = try JSONEncoder().encode(progress)
                try connection.cachedStatement(sql: "UPDATE jobs SET progress = ? WHERE ordinal = ?").execute(
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
            database.announce(.job(token.job))
            return true
        }
    }

    /// Ends a running attempt, and with it the job or only this try at it.
    ///
    /// Of a job that is to be cancelled the attempt ends as cancelled however it went; one that is to be set aside waits no
    /// more unless it is over.
    ///
    /// - Parameter ran: for how long the attempt has run since its last report, in milliseconds.
    /// - Returns: the job as it now is, or nil when the attempt had been given up and nothing changed.
    @discardableResult
    package func finish(_ token: AttemptToken, _ outcome: AttemptOutcome, ran: Int64 = 0) async throws -> JobRecord? {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let ordinal = try Self.ordinal(of: token, on: connection),
                let job = try Self.fetch(token.job, on: connection)
            else { return nil }
            try connection.cachedStatement(sql: "UPDATE jobs SET ran = ran + ? WHERE ordinal = ?").execute(arguments: [
                ran, ordinal,
            ])
            let end = AttemptEnd(job: job, ordinal: ordinal, at: now, connection: connection)
            switch job.state == .cancelling ? .cancelled : outcome {
            case .succeeded(let result, let models):
                for model in models {
                    let job = (ordinal: ordinal, id: token.job)
                    let version = try ModelStore.insert(model, job: job, at: now, on: connection)
                    database.announce(.version(version))
                }
                try end.succeed(result)
            case .failed(let error, let isFinal, let delay):
                try end.fail(error, isFinal: isFinal, delay: delay)
            case .cancelled:
                try end.cancel()
            case .paused:
                try end.interrupt("the job was set aside")
            case .interrupted(let reason, let delay):
                try end.interrupt(reason, delay: delay)
            }
            database.announce(.job(token.job), .queue)
            return try Self.fetch(token.job, on: connection)
        }
    }

    /// Gives up the attempts that a server which is gone left behind: their jobs wait again, and the attempts do not
    /// count; jobs that were to be cancelled or set aside are. To be called once, before a pool runs.
    ///
    /// - Returns: the jobs that wait again.
    @discardableResult
    package func requeueInterrupted() async throws -> [String] {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            let ids = try String.fetchAll(
                connection,
                sql: "SELECT id FROM jobs WHERE state IN ('running', 'pausing', 'cancelling') ORDER BY ordinal"
            )
            var requeued: [String] = []
            for id in ids {
                guard let job = try Self.fetch(id, on: connection),
                    let ordinal = try Self.ordinal(of: id, on: connection)
                else { continue }
                let end = AttemptEnd(job: job, ordinal: ordinal, at: now, connection: connection)
                if job.state == .cancelling { try end.cancel() } else { try end.interrupt("the server stopped") }
                if job.state == .running { requeued.append(id) }
                database.announce(.job(id))
            }
            database.announce(.queue)
            return requeued
        }
    }

    /// The jobs that wait for a time before they may run again, with the number of their latest attempt and how long they
    /// wait, in milliseconds.
    func delayed() async throws -> [(token: AttemptToken, delay: Int64)] {
        try await database.read { connection in
            try Row.fetchAll(
                connection,
                sql: "SELECT id, attempt, delay FROM jobs WHERE state = 'queued' AND delay IS NOT NULL ORDER BY ordinal"
            ).map { (AttemptToken(job: $0["id"], attempt: $0["attempt"]), $0["delay"]) }
        }
    }

    /// Lets a job run again that has waited long enough since the attempt `token` names.
    func endDelay(after token: AttemptToken) async throws {
        try await database.write { [database] connection in
            try connection.cachedStatement(
                sql: "UPDATE jobs SET delay = NULL WHERE id = ? AND attempt = ? AND state = 'queued'"
            ).execute(arguments: [token.job, token.attempt]
            )
            database.announce(.queue)
        }
    }

    /// A stream that yields at once, and whenever a job may be waiting for a slot.
    func queueChanges() -> AsyncStream<Void> {
        database.changes.listen(to: .queue)
    }

    /// A stream that yields at once, and when the running attempt of a job may have to end.
    func stopRequests(of id: String) -> AsyncStream<Void> {
        database.changes.listen(to: .stop(id))
    }

    /// The row of the job whose running attempt `token` names, or nil when that attempt has been given up.
    static func ordinal(of token: AttemptToken, on connection: Connection) throws -> Int64? {
        try Int64.fetchOne(
            connection.cachedStatement(
                sql: """
                    SELECT ordinal FROM jobs
                    WHERE id = ? AND attempt = ? AND state IN ('running', 'pausing', 'cancelling')
                    """), arguments: [token.job, token.attempt]
        )
    }
}
