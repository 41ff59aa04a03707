import Foundation
import GRDB
import Platform

/// The versions of models. Their files are the caller's.
package struct ModelStore: Sendable {
    private static let select =
        "SELECT model_versions.*, jobs.id AS job_id FROM model_versions LEFT JOIN jobs ON job = jobs.ordinal"

    let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Has `body` called with every version that is made from now on, and every alias that is changed: once that is
    /// committed, before anything else is written, and on the database's queue.
    package func onChange(_ body: @escaping @Sendable (ModelChange) -> Void) {
        database.onModelChange(body)
    }

    /// Calls `body` with every version there is. Blocks: for the start of a service.
    package func forEach(_ body: (ModelRecord) throws -> Void) throws {
        try database.readNow { connection in
            let rows = try Row.fetchCursor(connection, sql: Self.select)
            while let row = try rows.next() { try body(ModelRecord(row)) }
        }
    }

    /// Makes the next version of a model that no job made.
    package func register(_ draft: ModelDraft) async throws -> ModelRecord {
        let now = database.options.clock.now()
        return try await database.write { connection in
            let record = try Self.insert(draft, job: nil, at: now, on: connection)
            database.announce(.version(record))
            return record
        }
    }

    /// The newest version of each model in the order of their names, beginning after the name `after`.
    package func list(after: String? = nil, limit: Int = 100) async throws -> Page<ModelRecord> {
        precondition(limit > 0, "a page holds at least one model")
        return try await database.read { connection in
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: """
                        \(Self.select)
                        WHERE name > ?
                            AND version = (SELECT max(version) FROM model_versions AS other WHERE other.name = model_versions.name)
                        ORDER BY name LIMIT ?
                        """), arguments: [after ?? "", limit + 1]
            )
            return Page(rows.map { ModelRecord($0) }, limit: limit)
        }
    }

    /// The versions of one model from the newest to the oldest, beginning after the version `after`.
    package func versions(of name: String, after: Int? = nil, limit: Int = 100) async throws -> Page<ModelRecord> {
        precondition(limit > 0, "a page holds at least one version")
        return try await database.read { connection in
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: "\(Self.select) WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?"),
                arguments: [name, after ?? Int.max, limit + 1]
            )
            return Page(rows.map { ModelRecord($0) }, limit: limit)
        }
    }

    /// The newest version of a model, or nil when there is none.
    package func newest(_ name: String) async throws -> ModelRecord? {
        try await versions(of: name, limit: 1).data.first
    }

    /// One version of a model, or nil.
    package func get(_ name: String, version: Int) async throws -> ModelRecord? {
        try await database.read { connection in
            try Row.fetchOne(
                connection.cachedStatement(sql: "\(Self.select) WHERE name = ? AND version = ?"),
                arguments: [name, version]
            ).map { ModelRecord($0) }
        }
    }

    /// The version of a model that has the files of `draft` already and came of the same job, or nil.
    static func version(of draft: ModelDraft, job: Int64, on connection: Connection) throws -> ModelRecord? {
        try Row.fetchOne(
            connection,
            sql: "\(select) WHERE job = ? AND name = ? AND digest = ? ORDER BY version LIMIT 1",
            arguments: [job, draft.name, draft.digest]
        ).map { ModelRecord($0) }
    }

    /// Adds the next version of a model.
    ///
    /// - Parameters:
    ///   - job: the row and the id of the job it came of.
    ///   - checkpoint: the step of the checkpoint it was promoted from; nil for what the job ended with.
    static func insert(
        _ draft: ModelDraft,
        job: (ordinal: Int64, id: String)?,
        checkpoint: Int? = nil,
        at now: Int64,
        on connection: Connection
    ) throws -> ModelRecord {
        let last = try Int.fetchOne(
            connection.cachedStatement(sql: "SELECT max(version) FROM model_versions WHERE name = ?"),
            arguments: [draft.name]
        )
        let version = (last ?? 0) + 1
        let dataset = try job.flatMap { job in
            try String.fetchOne(
                connection.cachedStatement(
                    sql: """
                        SELECT datasets.id FROM jobs JOIN datasets ON jobs.dataset = datasets.ordinal
                        WHERE jobs.ordinal = ?
                        """),
                arguments: [job.ordinal])
        }
        try connection.cachedStatement(
            sql: """
                INSERT INTO model_versions
                    (name, version, job, dataset, checkpoint, digest, directory, document, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            draft.name, version, job?.ordinal, dataset, checkpoint, draft.digest, draft.directory,
            draft.document.text, now,
        ]
        )
        try PendingFiles.forget([draft.directory], on: connection)
        return ModelRecord(
            name: draft.name,
            version: version,
            job: job?.id,
            dataset: dataset,
            digest: draft.digest,
            directory: draft.directory,
            document: draft.document,
            createdAt: now
        )
    }
}
