import GRDB

/// What the transactions of the store are made of.
extension SweepStore {
    static func ordinal(of id: String, on connection: Connection) throws -> Int64? {
        try Int64.fetchOne(connection, sql: "SELECT ordinal FROM sweeps WHERE id = ?", arguments: [id])
    }

    static func fetch(_ id: String, on connection: Connection) throws -> SweepRecord? {
        let rows = try Row.fetchAll(connection, sql: "SELECT * FROM sweeps WHERE id = ?", arguments: [id])
        return try records(rows, on: connection).first
    }

    /// The sweep that a job is of, or nil.
    static func fetch(ofJob job: String, on connection: Connection) throws -> SweepRecord? {
        let rows = try Row.fetchAll(
            connection,
            sql: "SELECT * FROM sweeps WHERE ordinal = (SELECT sweep FROM jobs WHERE id = ?)",
            arguments: [job]
        )
        return try records(rows, on: connection).first
    }

    /// The sweeps of `rows`, with the states of their jobs, in one statement however many there are.
    static func records(_ rows: [Row], on connection: Connection) throws -> [SweepRecord] {
        guard !rows.isEmpty else { return [] }
        let ordinals = rows.map { $0["ordinal"] as Int64 }
        var counts: [Int64: [JobState: Int]] = [:]
        let countRows = try Row.fetchAll(
            connection,
            sql: """
                SELECT sweep, state, count(*) AS jobs FROM jobs
                WHERE sweep IN (\(databaseQuestionMarks(count: ordinals.count))) GROUP BY sweep, state
                """,
            arguments: StatementArguments(ordinals)
        )
        for row in countRows { counts[row["sweep"], default: [:]][JobState(stored: row["state"])] = row["jobs"] }
        return zip(rows, ordinals).map { SweepRecord($0, counts: counts[$1] ?? [:]) }
    }
}
