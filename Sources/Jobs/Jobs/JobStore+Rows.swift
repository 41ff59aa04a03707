import Foundation
import GRDB
import JSON

/// What the transactions of the store are made of.
extension JobStore {
    static func ordinal(of id: String, on connection: Connection) throws -> Int64? {
        try Int64.fetchOne(connection.cachedStatement(sql: "SELECT ordinal FROM jobs WHERE id = ?"), arguments: [id])
    }

    static func fetch(_ id: String, on connection: Connection) throws -> JobRecord? {
        let rows = try Row.fetchAll(connection.cachedStatement(sql: "\(select) WHERE jobs.id = ?"), arguments: [id])
        return try records(rows, on: connection).first
    }

    /// The jobs of `rows`, with their attempts, versions and checkpoints, in four statements however many there are.
    static func records(_ rows: [Row], on connection: Connection) throws -> [JobRecord] {
        guard !rows.isEmpty else { return [] }
        let ordinals = rows.map { $0["ordinal"] as Int64 }
        // One parameter, so that a statement serves pages of all sizes.
        let list: StatementArguments = ["[\(ordinals.map(String.init).joined(separator: ","))]"]
        var attempts: [Int64: [AttemptRecord]] = [:]
        let attemptRows = try Row.fetchAll(
            connection.cachedStatement(
                sql: "SELECT * FROM attempts WHERE job IN (SELECT value FROM json_each(?)) ORDER BY job, number"),
            arguments: list
        )
        for row in attemptRows {
            attempts[row["job"], default: []].append(AttemptRecord(row))
        }
        var versions: [Int64: [JobRecord.ModelReference]] = [:]
        let versionRows = try Row.fetchAll(
            connection.cachedStatement(
                sql: """
                    SELECT job, name, version, checkpoint FROM model_versions
                    WHERE job IN (SELECT value FROM json_each(?)) ORDER BY name, version
                    """),
            arguments: list
        )
        for row in versionRows {
            versions[row["job"], default: []].append(
                .init(name: row["name"], version: row["version"], checkpoint: row["checkpoint"]))
        }
        var checkpoints: [Int64: [CheckpointRecord]] = [:]
        let checkpointRows = try Row.fetchAll(
            connection.cachedStatement(
                sql: "SELECT * FROM checkpoints WHERE job IN (SELECT value FROM json_each(?)) ORDER BY job, step DESC"),
            arguments: list
        )
        for row in checkpointRows {
            checkpoints[row["job"], default: []].append(CheckpointRecord(row))
        }
        return try zip(rows, ordinals).map { row, ordinal in
            var job = try JobRecord(row)
            job.attempts = attempts[ordinal] ?? []
            job.versions = versions[ordinal] ?? []
            job.checkpoints = checkpoints[ordinal] ?? []
            return job
        }
    }

    /// Makes a job that waits.
    ///
    /// - Returns: its row.
    static func insert(
        _ submission: JobSubmission,
        id: String,
        sweep: (ordinal: Int64, cell: Int)? = nil,
        at now: Int64,
        on connection: Connection
    ) throws -> Int64 {
        // The clock may be set back; the order in which jobs came stays.
        let last = try Int64.fetchOne(
            connection.cachedStatement(sql: "SELECT turn + priority * ? FROM jobs ORDER BY ordinal DESC LIMIT 1"),
            arguments: [JobSubmission.priorityWorth]
        )
        let turn = max(now, last ?? now) - Int64(submission.priority) * JobSubmission.priorityWorth
        try connection.cachedStatement(
            sql: """
                INSERT INTO jobs
                    (id, dataset, model, document, state, priority, max_attempts, time_limit, kept_checkpoints, turn, sweep,
                     cell, created_at, updated_at)
                SELECT ?, ordinal, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ? FROM datasets WHERE id = ?
                """
        ).execute(arguments: [
            id, submission.model, submission.document.text, submission.priority, submission.maxAttempts,
            submission.timeLimit, submission.keptCheckpoints, turn, sweep?.ordinal, sweep?.cell, now, now,
            submission.dataset,
        ]
        )
        let ordinal = connection.lastInsertedRowID
        try enter(.queued, job: ordinal, at: now, on: connection)
        return ordinal
    }

    /// Deletes a job that is over.
    ///
    /// - Returns: the paths of its files, which are pending and can go.
    static func forget(_ job: JobRecord, on connection: Connection) throws -> [String] {
        try connection.cachedStatement(sql: "DELETE FROM jobs WHERE id = ?").execute(arguments: [job.id])
        let files =
            [DataLayout.log(job: job.id)] + job.checkpoints.map(\.path) + [DataLayout.checkpoints(job: job.id) + "/"]
        try PendingFiles.add(files, on: connection)
        return files
    }

    /// Puts a job into a state and writes the event that tells of it.
    ///
    /// - Parameters:
    ///   - note: goes into the event's document beside `state`.
    ///   - delay: of a job that waits: how long before it may run, in milliseconds.
    static func enter(
        _ state: JobState,
        job: Int64,
        note: [String: JSONValue] = [:],
        delay: Int64? = nil,
        at now: Int64,
        on connection: Connection
    ) throws {
        try connection.cachedStatement(
            sql: "UPDATE jobs SET state = ?, delay = ?, updated_at = ?, finished_at = ? WHERE ordinal = ?"
        ).execute(arguments: [state.rawValue, delay, now, state.isOver ? now : nil, job]
        )
        var document = note
        document["state"] = .string(state.rawValue)
        if let delay { document["delay_s"] = .number(Double(delay) / 1000) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try append(
            [.init(kind: EventRecord.stateKind, document: encoder.encode(document))],
            job: job,
            at: now,
            on: connection
        )
    }

    /// Adds events to a job, numbered on from its last, and counts the change. Those whose position in the history of the
    /// training it has reached already are told again, and left out.
    static func append(
        _ events: [AttemptReport.Event],
        job: Int64,
        at now: Int64,
        on connection: Connection
    ) throws {
        let known = try Int.fetchOne(
            connection.cachedStatement(sql: "SELECT history FROM jobs WHERE ordinal = ?"), arguments: [job])
        guard var history = known else { preconditionFailure("events for a job that is not there") }
        let new = events.filter { event in
            guard let number = event.number else { return true }
            guard number > history else { return false }
            history = number
            return true
        }
        let row = try Row.fetchOne(
            connection.cachedStatement(
                sql: """
                    UPDATE jobs SET last_event = last_event + ?, history = ?, revision = revision + 1, updated_at = ?
                    WHERE ordinal = ? RETURNING last_event, attempt
                    """), arguments: [new.count, history, now, job]
        )
        guard let row else { preconditionFailure("events for a job that is not there") }
        let first = (row["last_event"] as Int) - new.count + 1
        let statement = try connection.cachedStatement(
            sql: """
                INSERT INTO events (job, sequence, kind, attempt, created_at, document) VALUES (?, ?, ?, ?, ?, ?)
                """
        )
        for (offset, event) in new.enumerated() {
            try statement.execute(
                arguments: [job, first + offset, event.kind, row["attempt"] as Int, now, event.document.text]
            )
        }
    }
}

extension EventRecord {
    /// The kind of the events that tell of a change of state.
    package static let stateKind = "state"
}
