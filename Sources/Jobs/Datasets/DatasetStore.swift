package import Foundation
import GRDB
import Platform

/// The data sets: what is known about them, and where their files lie. The files themselves are the caller's.
package struct DatasetStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Makes a data set without splits.
    package func create(name: String, document: Data) async throws -> DatasetRecord {
        let record = DatasetRecord(
            id: database.options.makeIdentifier("ds"),
            name: name,
            document: document,
            createdAt: database.options.clock.now()
        )
        try await database.write { connection in
            try connection.cachedStatement(
                sql: "INSERT INTO datasets (id, name, document, created_at) VALUES (?, ?, ?, ?)"
            ).execute(arguments: [record.id, record.name, record.document.text, record.createdAt]
            )
        }
        return record
    }

    /// The data set `id`, or nil.
    package func get(_ id: String) async throws -> DatasetRecord? {
        try await database.read { try Self.fetch(id, on: $0) }
    }

    /// Data sets from the newest to the oldest, beginning after the one named `after`.
    ///
    /// - Throws: ``DatasetStoreError/unknownCursor(_:)``.
    package func list(after: String? = nil, limit: Int = 100) async throws -> Page<DatasetRecord> {
        precondition(limit > 0, "a page holds at least one data set")
        return try await database.read { connection in
            var bound = Int64.max
            if let after {
                let ordinal = try Int64.fetchOne(
                    connection.cachedStatement(sql: "SELECT ordinal FROM datasets WHERE id = ?"), arguments: [after]
                )
                guard let ordinal else { throw DatasetStoreError.unknownCursor(after) }
                bound = ordinal
            }
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: "SELECT * FROM datasets WHERE ordinal < ? ORDER BY ordinal DESC LIMIT ?"),
                arguments: [bound, limit + 1]
            )
            return try Page(rows.map { try Self.record($0, on: connection) }, limit: limit)
        }
    }

    /// Puts `split` into the data set, in the place of the split of that name, if there is one.
    ///
    /// - Parameter revise: runs inside the transaction with the data set as it would be, and returns the document it
    ///   shall have; whatever it throws leaves everything as it was.
    /// - Returns: the data set as it now is, and the split that was replaced, whose file is pending and can go.
    /// - Throws: ``DatasetStoreError/notFound(id:)``, ``DatasetStoreError/frozen(id:)``.
    package func put(
        _ split: SplitRecord,
        in id: String,
        revise: @escaping @Sendable (DatasetRecord) throws -> Data = { $0.document }
    ) async throws -> (dataset: DatasetRecord, replaced: SplitRecord?) {
        let now = database.options.clock.now()
        return try await database.write { connection in
            guard var dataset = try Self.fetch(id, on: connection) else { throw DatasetStoreError.notFound(id: id) }
            guard dataset.frozenAt == nil else { throw DatasetStoreError.frozen(id: id) }
            let replaced = dataset.splits.first { $0.name == split.name }
            dataset.splits.removeAll { $0.name == split.name }
            dataset.splits.append(split)
            dataset.splits.sort { $0.name < $1.name }
            dataset.document = try revise(dataset)
            try connection.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO dataset_splits
                        (dataset, name, digest, byte_count, path, document, created_at)
                    SELECT ordinal, ?, ?, ?, ?, ?, ? FROM datasets WHERE id = ?
                    """
            ).execute(arguments: [
                split.name, split.digest, split.byteCount, split.path, split.document.text, now, id,
            ]
            )
            try connection.cachedStatement(sql: "UPDATE datasets SET document = ? WHERE id = ?").execute(arguments: [
                dataset.document.text, id,
            ]
            )
            try PendingFiles.forget(split.files, on: connection)
            try PendingFiles.add(replaced?.files ?? [], on: connection)
            return (dataset, replaced)
        }
    }

    /// Deletes a data set that no job uses.
    ///
    /// - Returns: the paths of its files and last of its folder, which are pending and can go.
    /// - Throws: ``DatasetStoreError/notFound(id:)``, ``DatasetStoreError/inUse(id:)``.
    package func delete(_ id: String) async throws -> [String] {
        try await database.write { connection in
            guard let dataset = try Self.fetch(id, on: connection) else { throw DatasetStoreError.notFound(id: id) }
            let isUsed = try Bool.fetchOne(
                connection.cachedStatement(
                    sql:
                        "SELECT EXISTS (SELECT 1 FROM jobs JOIN datasets ON dataset = datasets.ordinal WHERE datasets.id = ?)"
                ), arguments: [id]
            )
            guard isUsed == false else { throw DatasetStoreError.inUse(id: id) }
            try connection.cachedStatement(sql: "DELETE FROM datasets WHERE id = ?").execute(arguments: [id])
            let files = dataset.splits.flatMap(\.files) + [DataLayout.dataset(id) + "/"]
            try PendingFiles.add(files, on: connection)
            return files
        }
    }

    /// Sees to it that the splits of a data set change no more, as a job is to use them.
    ///
    /// - Parameter validate: is asked whether they are fit for that; what it throws changes nothing.
    /// - Throws: ``JobStoreError/unknownDataset(id:)``.
    static func freeze(
        _ id: String, at now: Int64, on connection: Connection, _ validate: (DatasetRecord) throws -> Void
    ) throws {
        guard let dataset = try fetch(id, on: connection) else { throw JobStoreError.unknownDataset(id: id) }
        try validate(dataset)
        try connection.execute(
            sql: "UPDATE datasets SET frozen_at = ? WHERE id = ? AND frozen_at IS NULL", arguments: [now, id])
    }

    static func fetch(_ id: String, on connection: Connection) throws -> DatasetRecord? {
        try Row.fetchOne(connection.cachedStatement(sql: "SELECT * FROM datasets WHERE id = ?"), arguments: [id])
            .map { try record($0, on: connection) }
    }

    private static func record(_ row: Row, on connection: Connection) throws -> DatasetRecord {
        var record = DatasetRecord(row)
        record.splits = try Row.fetchAll(
            connection.cachedStatement(sql: "SELECT * FROM dataset_splits WHERE dataset = ? ORDER BY name"),
            arguments: [row["ordinal"] as Int64]
        ).map { SplitRecord($0) }
        return record
    }
}
