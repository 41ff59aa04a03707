import GRDB

/// The keys of requests that made a job, so that the same request sent again makes no other.
enum IdempotencyKeys {
    /// How long a key is remembered, in milliseconds: a day.
    static let lifetime: Int64 = 86_400_000

    /// The identifier of the job that was made under the key; nil when it is new, or so old that it is forgotten.
    ///
    /// - Throws: ``JobStoreError/idempotencyConflict(key:)``.
    static func job(
        for idempotency: JobSubmission.Idempotency,
        at now: Int64,
        on connection: Connection
    ) throws -> String? {
        // Few at a time: no request waits for all that a day has left.
        try connection.cachedStatement(
            sql: """
                DELETE FROM idempotency_keys WHERE key IN
                    (SELECT key FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT 10)
                """
        ).execute(arguments: [now - lifetime]
        )
        let row = try Row.fetchOne(
            connection.cachedStatement(
                sql: """
                    SELECT id, digest FROM idempotency_keys JOIN jobs ON job = jobs.ordinal
                    WHERE key = ? AND idempotency_keys.created_at >= ?
                    """), arguments: [idempotency.key, now - lifetime]
        )
        guard let row else { return nil }
        guard row["digest"] == idempotency.digest else {
            throw JobStoreError.idempotencyConflict(key: idempotency.key)
        }
        return row["id"]
    }

    static func insert(
        _ idempotency: JobSubmission.Idempotency,
        job: Int64,
        at now: Int64,
        on connection: Connection
    ) throws {
        try connection.cachedStatement(
            sql: "INSERT OR REPLACE INTO idempotency_keys (key, digest, job, created_at) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [idempotency.key, idempotency.digest, job, now]
        )
    }
}
