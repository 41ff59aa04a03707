import GRDB

/// What has happened to a job so far.
extension JobStore {
    /// The events of a job in order, beginning after the sequence number `after`.
    ///
    /// - Throws: ``JobStoreError/notFound(id:)``.
    package func events(of id: String, after: Int = 0, limit: Int = 100) async throws -> Page<EventRecord> {
        precondition(limit > 0, "a page holds at least one event")
        return try await database.read { connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else {
                throw JobStoreError.notFound(id: id)
            }
            let rows = try Row.fetchAll(
                connection,
                sql: "SELECT * FROM events WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [ordinal, after, limit + 1]
            )
            return Page(rows.map { EventRecord($0) }, limit: limit)
        }
    }

    /// The metrics of a job in the order of their names.
    ///
    /// - Parameters:
    ///   - names: the metrics wanted; nil means all.
    ///   - fromStep: the first step wanted.
    ///   - maxPoints: how many points a series has at most, at least 2. A longer one is thinned evenly; its first and
    ///     last points stay.
    /// - Throws: ``JobStoreError/notFound(id:)``.
    package func metrics(
        of id: String,
        names: [String]? = nil,
        fromStep: Int = 0,
        maxPoints: Int = 1000
    ) async throws -> [MetricSeries] {
        precondition(maxPoints >= 2, "a series keeps its first and its last point")
        return try await database.read { connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else {
                throw JobStoreError.notFound(id: id)
            }
            let condition = names.map { "AND name IN (\(databaseQuestionMarks(count: $0.count)))" } ?? ""
            // Point r of n falls into bucket (r - 1)(m - 1)/(n - 1) of 0 … m - 1; the first point of each is kept.
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    WITH numbered AS (
                        SELECT name, step, value,
                            row_number() OVER (PARTITION BY name ORDER BY step) AS r,
                            count(*) OVER (PARTITION BY name) AS n
                        FROM metrics WHERE job = ? AND step >= ? \(condition)
                    )
                    SELECT name, step, value FROM numbered
                    WHERE r = 1 OR n <= ? OR (r - 1) * (? - 1) / (n - 1) <> (r - 2) * (? - 1) / (n - 1)
                    ORDER BY name, step
                    """,
                arguments: [ordinal, fromStep] + StatementArguments(names ?? []) + [maxPoints, maxPoints, maxPoints]
            )
            var series: [MetricSeries] = []
            for row in rows {
                if series.last?.name != row["name"] {
                    series.append(MetricSeries(name: row["name"], points: []))
                }
                series[series.count - 1].points.append(.init(step: row["step"], value: row["value"]))
            }
            return series
        }
    }
}
