import GRDB
import Platform

extension ModelStore {
    /// Has an alias of a model name a version, or removes it.
    ///
    /// - Parameters:
    ///   - version: nil to remove it.
    ///   - check: is given the alias as it is, nil where it is not there; what it throws leaves everything as it was.
    /// - Throws: ``AliasError``.
    package func setAlias(
        _ alias: String, of name: String, to version: Int?,
        check: @escaping @Sendable (AliasRecord?) throws -> Void
    ) async throws -> AliasRecord {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            let current = try Row.fetchOne(
                connection.cachedStatement(sql: "SELECT * FROM model_aliases WHERE name = ? AND alias = ?"),
                arguments: [name, alias]
            ).map { AliasRecord($0) }
            let present = current?.version == nil ? nil : current
            try check(present)
            if let version {
                let isThere = try Bool.fetchOne(
                    connection.cachedStatement(
                        sql: "SELECT EXISTS (SELECT 1 FROM model_versions WHERE name = ? AND version = ?)"),
                    arguments: [name, version])
                guard isThere == true else { throw AliasError.unknownVersion(version, model: name) }
                if let present, present.version == version { return present }
            } else if present == nil {
                throw AliasError.notFound(alias, model: name)
            }
            let record = AliasRecord(
                name: name, alias: alias, version: version, revision: (current?.revision ?? 0) + 1, updatedAt: now)
            try connection.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO model_aliases (name, alias, version, revision, updated_at)
                    VALUES (?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [name, alias, version, record.revision, now])
            database.announce(.alias(record))
            return record
        }
    }

    /// Calls `body` with every alias there is. Blocks: for the start of a service.
    package func forEachAlias(_ body: (AliasRecord) -> Void) throws {
        try database.readNow { connection in
            let rows = try Row.fetchCursor(connection, sql: "SELECT * FROM model_aliases WHERE version IS NOT NULL")
            while let row = try rows.next() { body(AliasRecord(row)) }
        }
    }
}
