import GRDB

extension JobStore {
    /// How much there is to do.
    package struct Load: Sendable {
        package var counts: [JobState: Int] = [:]
        /// Of all running jobs, as their workers told last.
        package var clipsPerSecond = 0.0
    }

    /// Counts the jobs.
    package func load() async throws -> Load {
        try await database.read { connection in
            var load = Load()
            let rows = try Row.fetchCursor(
                connection.cachedStatement(sql: "SELECT state, count(*) AS jobs FROM jobs GROUP BY state"))
            while let row = try rows.next() {
                if let state = JobState(rawValue: row["state"]) { load.counts[state] = row["jobs"] }
            }
            load.clipsPerSecond =
                try Double.fetchOne(
                    connection.cachedStatement(
                        sql: """
                            SELECT total(json_extract(progress, '$.clips_per_second')) FROM jobs WHERE state = 'running'
                            """)) ?? 0
            return load
        }
    }
}
