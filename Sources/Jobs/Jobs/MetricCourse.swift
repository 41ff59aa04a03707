import GRDB

/// One metric of a job as it is stored, read in as few steps as points are wanted: its cost does not grow with its length.
struct MetricCourse {
    let job: Int64
    let name: String
    let fromStep: Int
    let connection: Connection

    /// All points, or where there are more than `count`, which is at least 2, so many of them with the first and the last.
    func points(atMost count: Int) throws -> [MetricSeries.Point] {
        let all = try points(
            "SELECT step, value FROM metrics WHERE job = :job AND name = :name AND step >= :from ORDER BY step LIMIT :limit",
            ["job": job, "name": name, "from": fromStep, "limit": count + 1]
        )
        guard all.count > count, let first = all.first?.step, let last = try lastStep() else { return all }
        return try thinned(to: count, from: first, through: last)
    }

    private func lastStep() throws -> Int? {
        try Int.fetchOne(
            connection.cachedStatement(sql: "SELECT max(step) FROM metrics WHERE job = ? AND name = ?"),
            arguments: [job, name]
        )
    }

    /// Step s falls into bucket ⌊(s − first)(count − 1)/(last − first)⌋ of 0 … count − 1; the first point of each bucket is
    /// kept, and the next one is looked up in the primary key from the step at which the next bucket begins.
    private func thinned(to count: Int, from first: Int, through last: Int) throws -> [MetricSeries.Point] {
        try points(
            """
            WITH RECURSIVE kept (step) AS (
                VALUES (:first)
                UNION ALL
                SELECT (
                    SELECT min(step) FROM metrics
                    WHERE job = :job AND name = :name AND step >= max(
                        kept.step + 1,
                        :first + (((kept.step - :first) * :buckets / :span + 1) * :span + :buckets - 1) / :buckets
                    )
                )
                FROM kept WHERE kept.step < :last
            )
            SELECT metrics.step, value FROM kept CROSS JOIN metrics
            WHERE job = :job AND name = :name AND metrics.step = kept.step
            ORDER BY metrics.step
            """,
            ["job": job, "name": name, "first": first, "last": last, "buckets": count - 1, "span": last - first]
        )
    }

    private func points(_ sql: String, _ arguments: StatementArguments) throws -> [MetricSeries.Point] {
        try Row.fetchAll(connection, sql: sql, arguments: arguments).map { row in
            MetricSeries.Point(step: row["step"], value: row["value"])
        }
    }
}
