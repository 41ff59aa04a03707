import Foundation
import GRDB
import Platform
import TestSupport
import Testing

@testable import Jobs

/// The migrations on a database of the first release, with rows in all of its tables.
struct ReleaseUpgradeTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private static let jobs = 40
    private static let rows = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(jobs))
        INSERT INTO datasets (id, name, document, created_at, frozen_at) SELECT 'ds_' || i, 'words', '{}', i, i FROM n;
        INSERT INTO dataset_splits
            SELECT ordinal, 'train', 'sha256:aa', 9, 'datasets/' || id || '/train-1', '{}', 5 FROM datasets;
        INSERT INTO jobs (
            id, dataset, model, document, state, priority, max_attempts, attempt, failures, last_event, revision, progress,
            result, error, idempotency_key, request_digest, created_at, updated_at, started_at, finished_at
        ) SELECT
            'job_' || ordinal, ordinal, 'emo', '{"note": "' || hex(zeroblob(2000)) || '"}',
            CASE ordinal % 4 WHEN 0 THEN 'queued' WHEN 1 THEN 'running' WHEN 2 THEN 'succeeded' ELSE 'failed' END,
            ordinal % 3, 2, 1, 0, 2, 7, '{"step":1,"steps":2,"epoch":1,"epochs":2}', '{"f1":1}', 'none',
            CASE ordinal % 2 WHEN 0 THEN 'key' || ordinal END, CASE ordinal % 2 WHEN 0 THEN 'sha256:bb' END,
            100 - ordinal, 200, 150, CASE WHEN ordinal % 4 > 1 THEN 199 END
        FROM datasets ORDER BY ordinal;
        INSERT INTO attempts SELECT ordinal, 1, 'failed', 'said so', 150, 199 FROM jobs;
        INSERT INTO events SELECT ordinal, 1, 'state', 0, 100, '{"state":"queued"}' FROM jobs;
        INSERT INTO events SELECT ordinal, 2, 'note', 1, 160, '{}' FROM jobs;
        INSERT INTO metrics SELECT ordinal, 'loss', 3, CASE ordinal % 2 WHEN 0 THEN 0.5 END FROM jobs;
        INSERT INTO model_versions
            SELECT 'emo', ordinal, CASE ordinal % 5 WHEN 0 THEN NULL ELSE ordinal END, 'sha256:cc', 'models/emo/' || id, '{}', 9
            FROM jobs;
        """

    /// What stays as it is, whatever the schema: the columns of the first release.
    private static let kept = [
        "SELECT ordinal, id, name, document, created_at, frozen_at FROM datasets ORDER BY ordinal",
        "SELECT dataset, name, digest, byte_count, path, document FROM dataset_splits ORDER BY dataset",
        """
        SELECT ordinal, id, dataset, model, document, state, priority, max_attempts, attempt, failures, last_event, revision,
            progress, result, error, created_at, updated_at, started_at, finished_at
        FROM jobs ORDER BY ordinal
        """,
        "SELECT job, number, outcome, error, started_at, finished_at FROM attempts ORDER BY job",
        "SELECT job, sequence, kind, attempt, created_at, document FROM events ORDER BY job, sequence",
        "SELECT job, name, step, value FROM metrics ORDER BY job",
        "SELECT name, version, job, digest, directory, document FROM model_versions ORDER BY version",
    ]

    private static func contents(_ connection: Connection) throws -> [[String]] {
        try kept.map { try Row.fetchAll(connection, sql: $0).map(\.description) }
    }

    /// Makes the directory that the first release left.
    ///
    /// - Returns: what has to stay.
    private func makeFirstRelease(in directory: URL) throws -> [[String]] {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data().write(to: directory.appendingPathComponent("limbic.lock"))
        let files = try MigrationFile.load(from: Fixture.migrations).prefix(1)
        let pool = try DatabasePool(path: directory.appendingPathComponent("limbic.sqlite").path)
        defer { try? pool.close() }
        return try pool.writeWithoutTransaction { connection in
            try Migrator(files: Array(files), clock: .system).run(on: connection)
            try connection.execute(sql: Self.rows)
            _ = try connection.checkpoint(.truncate)
            return try Self.contents(connection)
        }
    }

    private func expectUpgraded(_ directory: URL, to contents: [[String]]) async throws {
        let database = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        defer { try? database.close() }
        let fresh = try Fixture.make()
        let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        let wanted = try await fresh.database.read { try Row.fetchAll($0, sql: schema).map(\.description) }
        try await database.read { (connection) throws -> Void in
            #expect(try Self.contents(connection) == contents)
            #expect(try Row.fetchAll(connection, sql: schema).map(\.description) == wanted)
            #expect(try String.fetchAll(connection, sql: "PRAGMA integrity_check") == ["ok"])
            #expect(try Row.fetchAll(connection, sql: "PRAGMA foreign_key_check").isEmpty)
            let keys = "SELECT count(*) FROM idempotency_keys WHERE key = 'key' || job AND digest = 'sha256:bb'"
            #expect(try Int.fetchOne(connection, sql: keys) == Self.jobs / 2)
        }
        // Jobs that wait go by what they waited for: every third has the highest priority.
        #expect(try await JobStore(database).claim()?.job.id == "job_8")
    }

    @Test func keepsEverything() async throws {
        let directory = URL(filePath: scratch.file("data"))
        let contents = try makeFirstRelease(in: directory)
        #expect(contents.map(\.count) == [40, 40, 40, 40, 80, 40, 40])
        try await expectUpgraded(directory, to: contents)
        // Numbers are not given out again.
        let again = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        let ordinal = try await again.write { connection in
            try connection.execute(sql: "DELETE FROM jobs WHERE id = 'job_40'")
            try connection.execute(
                sql: """
                    INSERT INTO jobs (id, dataset, model, document, state, priority, max_attempts, created_at, updated_at, turn)
                    VALUES ('job_new', 1, 'emo', '{}', 'queued', 0, 1, 1, 1, 1)
                    """)
            return connection.lastInsertedRowID
        }
        #expect(ordinal == 41)
        try again.close()
    }

    /// What a process that is killed leaves is what its files hold at that moment: so they are copied before each statement.
    @Test func goesOnAfterItWasKilledAtAnyStatement() async throws {
        let directory = URL(filePath: scratch.file("data"))
        let contents = try makeFirstRelease(in: directory)
        let images = Mutex<[URL]>([])
        do {
            let pool = try DatabasePool(path: directory.appendingPathComponent("limbic.sqlite").path)
            let files = try MigrationFile.load(from: Fixture.migrations)
            let scratch = scratch.path
            try await pool.writeWithoutTransaction { connection in
                // Pages go to the log of changes in the middle of statements, as in a database that is larger than memory.
                try connection.execute(sql: "PRAGMA cache_size = 4; PRAGMA wal_autocheckpoint = 1")
                connection.trace(options: .statement) { _ in
                    let image = URL(filePath: "\(scratch)/\(images.withLock { $0.count })")
                    try? FileManager.default.copyItem(at: directory, to: image)
                    try? FileManager.default.removeItem(at: image.appendingPathComponent("limbic.sqlite-shm"))
                    images.withLock { $0.append(image) }
                }
                try Migrator(files: files, clock: .system).run(on: connection)
                connection.trace(nil)
            }
            try pool.close()
        }
        #expect(images.withLock { $0.count } > 30)
        for image in images.withLock({ $0 }) { try await expectUpgraded(image, to: contents) }
        try await expectUpgraded(directory, to: contents)
    }
}
