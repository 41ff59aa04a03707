package import Foundation
import GRDB
import Platform

/// The evaluations that were asked for, in the order in which they are made.
package struct EvaluationStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Has a version measured on a split.
    package func add(
        _ version: (name: String, number: Int), dataset: String, split: String, document: Data
    ) async throws -> EvaluationRecord {
        let record = EvaluationRecord(
            id: database.options.makeIdentifier("ev"), name: version.name, version: version.number, dataset: dataset,
            split: split, state: .queued, document: document, createdAt: database.options.clock.now())
        return try await database.write { [database] connection in
            try connection.cachedStatement(
                sql: """
                    INSERT INTO evaluations (id, name, version, dataset, split, state, document, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                record.id, record.name, record.version, dataset, split, record.state.rawValue, document.text,
                record.createdAt,
            ])
            database.announce(.evaluations)
            return record
        }
    }

    /// The evaluation `id`, or nil.
    package func get(_ id: String) async throws -> EvaluationRecord? {
        try await database.read { connection in
            try Row.fetchOne(
                connection.cachedStatement(sql: "SELECT * FROM evaluations WHERE id = ?"), arguments: [id]
            ).map { EvaluationRecord($0) }
        }
    }

    /// Evaluations from the newest to the oldest, beginning after the one with the id `after`.
    ///
    /// - Parameters:
    ///   - name: only those of this model; nil for all.
    ///   - version: only those of this version of it; nil for all.
    /// - Throws: ``EvaluationError/unknownCursor(_:)``.
    package func list(
        of name: String? = nil, version: Int? = nil, after: String? = nil, limit: Int = 100
    ) async throws -> Page<EvaluationRecord> {
        precondition(limit > 0, "a page holds at least one evaluation")
        return try await database.read { connection in
            var bound = Int64.max
            if let after {
                let ordinal = try Int64.fetchOne(
                    connection.cachedStatement(sql: "SELECT ordinal FROM evaluations WHERE id = ?"), arguments: [after])
                guard let ordinal else { throw EvaluationError.unknownCursor(after) }
                bound = ordinal
            }
            let rows = try Row.fetchAll(
                connection.cachedStatement(
                    sql: """
                        SELECT * FROM evaluations
                        WHERE ordinal < ?1 AND (?2 IS NULL OR name = ?2) AND (?3 IS NULL OR version = ?3)
                        ORDER BY ordinal DESC LIMIT ?4
                        """),
                arguments: [bound, name, version, limit + 1])
            return Page(rows.map { EvaluationRecord($0) }, limit: limit)
        }
    }

    /// Takes the evaluation that has waited longest; one that an earlier server was at counts as waiting. One that was begun
    /// ``maximumAttempts`` times and neither ended nor put back has failed: it ends the server.
    ///
    /// To be asked for by one at a time, which ends what it takes, or puts it back, before it asks for the next.
    package func takeNext() async throws -> EvaluationRecord? {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            while true {
                let row = try Row.fetchOne(
                    connection.cachedStatement(
                        sql: "SELECT * FROM evaluations WHERE state IN ('queued', 'running') ORDER BY ordinal LIMIT 1"))
                guard let row else { return nil }
                var record = EvaluationRecord(row)
                if row["attempts"] as Int >= Self.maximumAttempts {
                    let reason = "the server ended each of the \(Self.maximumAttempts) times it was at it"
                    try finish(record.id, .failure(EvaluationFailure(reason)), at: now, on: connection)
                    database.announce(.evaluation(record.id))
                    continue
                }
                record.state = .running
                try connection.cachedStatement(
                    sql: "UPDATE evaluations SET state = ?, attempts = attempts + 1 WHERE id = ?"
                ).execute(arguments: [record.state.rawValue, record.id])
                return record
            }
        }
    }

    /// How often an evaluation is begun.
    package static let maximumAttempts = 3

    /// Has an evaluation that was taken wait again, as if it had not been.
    package func putBack(_ id: String) async throws {
        try await database.write { connection in
            try connection.cachedStatement(
                sql:
                    "UPDATE evaluations SET state = 'queued', attempts = attempts - 1 WHERE id = ? AND state = 'running'"
            ).execute(arguments: [id])
        }
    }

    /// Ends an evaluation with what came of it, or with what it failed for.
    package func finish(_ id: String, _ outcome: Result<Data, EvaluationFailure>) async throws {
        let now = database.options.clock.now()
        try await database.write { [database] connection in
            try finish(id, outcome, at: now, on: connection)
            database.announce(.evaluation(id))
        }
    }

    private func finish(
        _ id: String, _ outcome: Result<Data, EvaluationFailure>, at now: Int64, on connection: Connection
    ) throws {
        var (state, result, error) = (EvaluationRecord.State.succeeded, String?.none, String?.none)
        switch outcome {
        case .success(let document): result = document.text
        case .failure(let failure): (state, error) = (.failed, failure.reason)
        }
        try connection.cachedStatement(
            sql: "UPDATE evaluations SET state = ?, result = ?, error = ?, finished_at = ? WHERE id = ?"
        ).execute(arguments: [state.rawValue, result, error, now, id])
    }

    /// Yields at once, and whenever an evaluation may be waiting, until the database is closed.
    package func arrivals() -> AsyncStream<Void> { database.changes.listen(to: .evaluations) }

    /// Yields at once, and when the evaluation is over, until the database is closed.
    package func changes(of id: String) -> AsyncStream<Void> { database.changes.listen(to: .evaluation(id)) }
}

/// Why an evaluation came to nothing.
package struct EvaluationFailure: Error {
    /// For people.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
