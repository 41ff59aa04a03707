import GRDB
import Platform

/// The checkpoints of jobs. Their files are the caller's.
extension JobStore {
    /// Records a checkpoint that a running attempt has written and that lies at its `path`, and forgets the oldest beyond those
    /// that stay.
    ///
    /// - Returns: the paths of files that no record names any more, which are pending and can go; nil when the attempt has been
    ///   given up, and nothing is recorded.
    package func keep(
        _ checkpoint: WorkerMessage.Checkpoint,
        at path: String,
        of token: AttemptToken
    ) async throws -> [String]? {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let ordinal = try Self.ordinal(of: token, on: connection) else { return nil }
            var obsolete = try String.fetchAll(
                connection.cachedStatement(sql: "SELECT path FROM checkpoints WHERE job = ? AND step = ?"),
                arguments: [ordinal, checkpoint.step]
            )
            try connection.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO checkpoints (job, step, epoch, attempt, digest, byte_count, path, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                ordinal, checkpoint.step, checkpoint.epoch, token.attempt, checkpoint.digest,
                checkpoint.byteCount, path, now,
            ]
            )
            obsolete += try String.fetchAll(
                connection.cachedStatement(
                    sql: """
                        DELETE FROM checkpoints WHERE job = :job AND step NOT IN (
                            SELECT step FROM checkpoints WHERE job = :job ORDER BY step DESC
                            LIMIT (SELECT kept_checkpoints FROM jobs WHERE ordinal = :job)
                        ) RETURNING path
                        """), arguments: ["job": ordinal]
            )
            try connection.cachedStatement(
                sql: "UPDATE jobs SET revision = revision + 1, updated_at = ? WHERE ordinal = ?"
            ).execute(arguments: [now, ordinal]
            )
            try PendingFiles.forget([path], on: connection)
            try PendingFiles.add(obsolete, on: connection)
            database.announce(.job(token.job))
            return obsolete
        }
    }
}
