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
                connection.cachedStatement(
                    sql: "SELECT * FROM events WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?"),
                arguments: [ordinal, after, limit + 1]
            )
            return Page(rows.map { EventRecord($0) }, limit: limit)
        }
    }

    /// The sequence number of the last event of a job.
    ///
    /// - Throws: ``JobStoreError/notFound(id:)``.
    package func lastEvent(of id: String) async throws -> Int {
        try await database.read { connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else {
                throw JobStoreError.notFound(id: id)
            }
            return try Int.fetchOne(
                connection.cachedStatement(sql: "SELECT max(sequence) FROM events WHERE job = ?"), arguments: [ordinal])
                ?? 0
        }
    }

    /// The metrics of a job in the order of their names.
    ///
    /// - Parameters:
    ///   - names: the metrics wanted; nil means all.
    ///   - fromStep: the first step wanted.
    ///   - maxPoints: how many points a series has at most, at least 2. A longer one is thinned evenly over its steps; its
    ///     first and last points stay.
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
            let present = try Self.metricNames(of: ordinal, on: connection)
            return try present.filter { names?.contains($0) ?? true }.compactMap { name in
                let course = MetricCourse(job: ordinal, name: name, fromStep: fromStep, connection: connection)
                let points = try course.points(atMost: maxPoints)
                return points.isEmpty ? nil : MetricSeries(name: name, points: points)
            }
        }
    }

    /// The names of a job's metrics in their order, each found by one look into the primary key.
    private static func metricNames(of job: Int64, on connection: Connection) throws -> [String] {
        try String.fetchAll(
            connection.cachedStatement(
                sql: """
                    WITH RECURSIVE names (name) AS (
                        SELECT min(name) FROM metrics WHERE job = :job
                        UNION ALL
                        SELECT (SELECT min(name) FROM metrics WHERE job = :job AND name > names.name)
                        FROM names WHERE name IS NOT NULL
                    )
                    SELECT name FROM names WHERE name IS NOT NULL
                    """), arguments: ["job": job]
        )
    }
}
