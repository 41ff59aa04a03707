import Foundation
import GRDB

/// What the transactions of the store are made of.
extension JobStore {
    static func ordinal(of id: String, on connection: Connection) throws -> Int64? {
        try Int64.fetchOne(connection, sql: "SELECT ordinal FROM jobs WHERE id = ?", arguments: [id])
    }

    static func fetch(_ id: String, on connection: Connection) throws -> JobRecord? {
        let rows = try Row.fetchAll(connection, sql: "\(select) WHERE jobs.id = ?", arguments: [id])
        return try records(rows, on: connection).first
    }

    /// The jobs of `rows`, with their attempts and versions, in three statements however many there are.
    static func records(_ rows: [Row], on connection: Connection) throws -> [JobRecord] {
        guard !rows.isEmpty else { return [] }
        let ordinals = rows.map { $0["ordinal"] as Int64 }
        let places = databaseQuestionMarks(count: ordinals.count)
        var attempts: [Int64: [AttemptRecord]] = [:]
        let attemptRows = try Row.fetchAll(
            connection,
            sql: "SELECT * FROM attempts WHERE job IN (\(places)) ORDER BY job, number",
            arguments: StatementArguments(ordinals)
        )
        for row in attemptRows {
            attempts[row["job"], default: []].append(AttemptRecord(row))
        }
        var versions: [Int64: [JobRecord.ModelReference]] = [:]
        let versionRows = try Row.fetchAll(
            connection,
            sql: "SELECT job, name, version FROM model_versions WHERE job IN (\(places)) ORDER BY name, version",
            arguments: StatementArguments(ordinals)
        )
        for row in versionRows {
            versions[row["job"], default: []].append(.init(name: row["name"], version: row["version"]))
        }
        return try zip(rows, ordinals).map { row, ordinal in
            var job = try JobRecord(row)
            job.attempts = attempts[ordinal] ?? []
            job.versions = versions[ordinal] ?? []
            return job
        }
    }

    /// Puts a job into a state and writes the event that tells of it.
    ///
    /// - Parameter note: goes into the event's document beside `state`.
    static func enter(
        _ state: JobState,
        job: Int64,
        note: [String: String] = [:],
        at now: Int64,
        on connection: Connection
    ) throws {
        try connection.execute(
            sql: "UPDATE jobs SET state = ?, updated_at = ?, finished_at = ? WHERE ordinal = ?",
            arguments: [state.rawValue, now, state.isOver ? now : nil, job]
        )
        var document = note
        document["state"] = state.rawValue
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try append(
            [.init(kind: EventRecord.stateKind, document: encoder.encode(document))],
            job: job,
            at: now,
            on: connection
        )
    }

    /// Adds events to a job, numbered on from its last, and counts the change.
    static func append(
        _ events: [AttemptReport.Event],
        job: Int64,
        at now: Int64,
        on connection: Connection
    ) throws {
        let row = try Row.fetchOne(
            connection,
            sql: """
                UPDATE jobs SET last_event = last_event + ?, revision = revision + 1, updated_at = ?
                WHERE ordinal = ? RETURNING last_event, attempt
                """,
            arguments: [events.count, now, job]
        )
        guard let row else { preconditionFailure("events for a job that is not there") }
        let first = (row["last_event"] as Int) - events.count + 1
        let statement = try connection.cachedStatement(
            sql: """
                INSERT INTO events (job, sequence, kind, attempt, created_at, document) VALUES (?, ?, ?, ?, ?, ?)
                """
        )
        for (offset, event) in events.enumerated() {
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
