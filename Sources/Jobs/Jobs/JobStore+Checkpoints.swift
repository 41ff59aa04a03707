import GRDB
import Platform

/// The checkpoints of jobs. Their files are the caller's.
extension JobStore {
    /// Records a checkpoint that a running attempt has written and that lies at its `path`. Of more than are to stay, those of
    /// the latest attempts stay: an attempt that began anew could not use the others.
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
                    INSERT OR REPLACE INTO checkpoints
                        (job, step, epoch, attempt, digest, byte_count, path, document, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                ordinal, checkpoint.step, checkpoint.epoch, token.attempt, checkpoint.digest,
                checkpoint.byteCount, path, checkpoint.document.text, now,
            ]
            )
            obsolete += try String.fetchAll(
                connection.cachedStatement(
                    sql: """
                        DELETE FROM checkpoints WHERE job = :job AND step NOT IN (
                            SELECT step FROM checkpoints WHERE job = :job ORDER BY attempt DESC, step DESC
                            LIMIT (SELECT kept_checkpoints FROM jobs WHERE ordinal = :job)
                        ) RETURNING path
                        """), arguments: ["job": ordinal]
            )
            try connection.cachedStatement(
                sql: "UPDATE jobs SET revision = revision + 1, updated_at = ? WHERE ordinal = ?"
            ).execute(arguments: [now, ordinal]
            )
            // An attempt may have told of a step twice.
            obsolete.removeAll { $0 == path }
            try PendingFiles.forget([path], on: connection)
            try PendingFiles.add(obsolete, on: connection)
            database.announce(.job(token.job))
            return obsolete
        }
    }

    /// Makes a version of a model whose weights came of a checkpoint of a job, as the job's. The job may be in any state,
    /// and the checkpoint may have made room for others meanwhile.
    ///
    /// - Parameter step: of the checkpoint.
    /// - Returns: the version, and whether it is new: it is not where the job has one with the same files, and then those of
    ///   `draft` are of no use.
    /// - Throws: ``JobStoreError/notFound(id:)``.
    package func promote(
        _ draft: ModelDraft,
        checkpoint step: Int,
        of id: String
    ) async throws -> (version: ModelRecord, isNew: Bool) {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let ordinal = try Self.ordinal(of: id, on: connection) else { throw JobStoreError.notFound(id: id) }
            if let version = try ModelStore.version(of: draft, job: ordinal, on: connection) {
                return (version, false)
            }
            let version = try ModelStore.insert(
                draft, job: (ordinal, id), checkpoint: step, at: now, on: connection)
            try connection.cachedStatement(
                sql: "UPDATE jobs SET revision = revision + 1, updated_at = ? WHERE ordinal = ?"
            ).execute(arguments: [now, ordinal])
            database.announce(.version(version))
            database.announce(.job(id))
            return (version, true)
        }
    }
}
