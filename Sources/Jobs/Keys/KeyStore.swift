import GRDB
import Platform

/// The keys of clients, as a server keeps them.
package struct KeyStore: Sendable {
    /// Gets a key as it is from now on: once that is committed, before anything else is written, and on the database's queue.
    package typealias Listener = @Sendable (KeyRecord) -> Void

    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// All keys there are. Blocks: for the start of a service.
    package func all() throws -> [KeyRecord] {
        try database.readNow { try KeyTable.all(on: $0) }
    }

    /// Makes a key. Its secret is told here and nowhere else.
    package func create(_ draft: KeyDraft, then listener: @escaping Listener) async throws -> (KeyRecord, KeySecret) {
        let (id, now) = (database.options.makeIdentifier("key"), database.options.clock.now())
        return try await database.write { [database] connection in
            let (record, secret) = try KeyTable.insert(draft, id: id, at: now, on: connection)
            database.afterCommit { listener(record) }
            return (record, secret)
        }
    }

    /// Has a key hold no more, for good. Doing so again is harmless.
    ///
    /// - Throws: ``KeyStoreError/notFound(id:)``.
    package func revoke(_ id: String, then listener: @escaping Listener) async throws {
        let now = database.options.clock.now()
        try await database.write { [database] connection in
            let record = try KeyTable.revoke(id, at: now, on: connection)
            database.afterCommit { listener(record) }
        }
    }

    /// Keys from the newest to the oldest, those that were revoked too, beginning after the one named `after`.
    ///
    /// - Throws: ``KeyStoreError/unknownCursor(_:)``.
    package func list(after: String? = nil, limit: Int = 100) async throws -> Page<KeyRecord> {
        precondition(limit > 0, "a page holds at least one key")
        return try await database.read { try KeyTable.list(after: after, limit: limit, on: $0) }
    }

    /// Notes when keys were used last, in milliseconds since 1970 by their ids.
    package func recordUses(_ times: [String: Int64]) async throws {
        try await database.write { connection in
            for (id, time) in times {
                try connection.cachedStatement(sql: "UPDATE keys SET used_at = ? WHERE id = ?").execute(
                    arguments: [time, id])
            }
        }
    }

    /// Calls `body` with all keys when another process, such as `limbic key`, has written since `version`; on the database's
    /// queue, in order with the listeners.
    ///
    /// - Parameter version: what was returned before; nil at first, and then `body` is called.
    /// - Returns: the version that the keys are of.
    package func poll(since version: Int?, _ body: @escaping @Sendable ([KeyRecord]) -> Void) async throws -> Int {
        try await database.betweenWrites { connection in
            // Seen from the connection that writes, it changes with what others commit only.
            let current = try Int.fetchOne(connection, sql: "PRAGMA data_version") ?? 0
            if current != version { body(try KeyTable.all(on: connection)) }
            return current
        }
    }
}
