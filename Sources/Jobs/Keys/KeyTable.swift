import Foundation
import GRDB

/// The rows of `keys`, for a server's store and for the command line beside it.
enum KeyTable {
    static func all(on connection: Connection) throws -> [KeyRecord] {
        try Row.fetchAll(connection, sql: "SELECT * FROM keys ORDER BY ordinal").map { KeyRecord($0) }
    }

    static func list(after: String?, limit: Int, on connection: Connection) throws -> Page<KeyRecord> {
        var bound = Int64.max
        if let after {
            let sql = "SELECT ordinal FROM keys WHERE id = ?"
            guard let ordinal = try Int64.fetchOne(connection, sql: sql, arguments: [after]) else {
                throw KeyStoreError.unknownCursor(after)
            }
            bound = ordinal
        }
        let rows = try Row.fetchAll(
            connection,
            sql: "SELECT * FROM keys WHERE ordinal < ? ORDER BY ordinal DESC LIMIT ?",
            arguments: [bound, limit + 1]
        )
        return Page(rows.map { KeyRecord($0) }, limit: limit)
    }

    static func insert(
        _ draft: KeyDraft, id: String, at now: Int64, on connection: Connection
    ) throws -> (KeyRecord, KeySecret) {
        precondition(!draft.scopes.isEmpty, "a key has a scope")
        let secret = KeySecret.make()
        try connection.execute(
            sql: "INSERT INTO keys (id, name, digest, scopes, rate_limit, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                id, draft.name, Data(KeySecret.digest(of: secret.text)),
                draft.scopes.sorted().map(\.rawValue).joined(separator: " "), draft.rateLimit, now,
            ]
        )
        return (try get(id, on: connection), secret)
    }

    /// - Returns: the key as it is then.
    static func revoke(_ id: String, at now: Int64, on connection: Connection) throws -> KeyRecord {
        try connection.execute(
            sql: "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", arguments: [now, id])
        return try get(id, on: connection)
    }

    private static func get(_ id: String, on connection: Connection) throws -> KeyRecord {
        let row = try Row.fetchOne(connection, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id])
        guard let row else { throw KeyStoreError.notFound(id: id) }
        return KeyRecord(row)
    }
}
