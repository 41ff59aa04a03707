import GRDB

/// The record of files that are being made, and of files whose record is gone but which are still there.
///
/// A file is entered here before it is made, and in the transaction that deletes its record. It leaves in the transaction that
/// records it, or after it has been removed. So whatever a crash leaves behind is known, and nothing is ever removed because
/// nothing is known of it.
package struct PendingFiles: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// - Parameter paths: relative to the data directory; a slash at the end stands for a folder that goes only when empty.
    package func add(_ paths: [String]) async throws {
        try await database.write { try Self.add(paths, on: $0) }
    }

    /// The files are recorded elsewhere now, or gone.
    package func forget(_ paths: [String]) async throws {
        try await database.write { try Self.forget(paths, on: $0) }
    }

    /// All that are on record and that no split, no checkpoint and no version of a model names; files before their folders.
    package func all() async throws -> [String] {
        try await database.read { connection in
            try String.fetchAll(
                connection,
                sql: """
                    SELECT path FROM pending_files
                    WHERE path NOT IN (
                        SELECT path FROM dataset_splits UNION ALL SELECT directory FROM model_versions
                        UNION ALL SELECT path FROM checkpoints
                    )
                    ORDER BY path DESC
                    """
            )
        }
    }

    static func add(_ paths: [String], on connection: Connection) throws {
        let statement = try connection.cachedStatement(sql: "INSERT OR IGNORE INTO pending_files (path) VALUES (?)")
        for path in paths { try statement.execute(arguments: [path]) }
    }

    static func forget(_ paths: [String], on connection: Connection) throws {
        let statement = try connection.cachedStatement(sql: "DELETE FROM pending_files WHERE path = ?")
        for path in paths { try statement.execute(arguments: [path]) }
    }
}
