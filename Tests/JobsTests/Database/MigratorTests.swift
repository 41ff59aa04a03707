import Foundation
import GRDB
import Platform
import Testing

@testable import Jobs

@Suite struct MigratorTests {
    private static let first = "CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;"
    private static let second = "CREATE TABLE b (y INTEGER NOT NULL REFERENCES a (x)) STRICT;"

    @Test func appliesInOrderAndRecordsDigests() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first, "0002-b.sql": Self.second, "README": "ignored"])
        let rows = try await bench.open { database in
            try await database.read { connection in
                try Row.fetchAll(connection, sql: "SELECT * FROM migrations ORDER BY number").map { row in
                    [row["name"] as String, row["digest"] as String]
                }
            }
        }
        #expect(
            rows == [
                ["0001-a", SHA256.digest(of: Data(Self.first.utf8))],
                ["0002-b", SHA256.digest(of: Data(Self.second.utf8))],
            ]
        )
    }

    @Test func appliesOnlyWhatIsNew() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first])
        try await bench.open { _ in }
        try bench.write("0002-b.sql", Self.second)
        let tables = try await bench.tables()
        #expect(tables == ["a", "b", "migrations"])
    }

    @Test func refusesAChangedFile() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first])
        try await bench.open { _ in }
        try bench.write("0001-a.sql", Self.first + "\n")
        await #expect(throws: MigrationError.changed(file: "0001-a")) { try await bench.open { _ in } }
    }

    @Test func refusesANewerDatabase() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first, "0002-b.sql": Self.second])
        try await bench.open { _ in }
        try bench.remove("0002-b.sql")
        await #expect(throws: MigrationError.newerDatabase(applied: 2, known: 1)) { try await bench.open { _ in } }
    }

    @Test(arguments: [
        (["0002-b.sql"], MigrationError.gap(missing: 1)),
        (["0001-a.sql", "0003-c.sql"], .gap(missing: 2)),
        (["0001-a.sql", "0001-b.sql"], .duplicate(number: 1)),
        (["1-a.sql"], .badName("1-a.sql")),
        (["0001_a.sql"], .badName("0001_a.sql")),
    ])
    func refusesFilesOutOfOrder(names: [String], error: MigrationError) async throws {
        let bench = try Bench.make(Dictionary(uniqueKeysWithValues: names.map { ($0, "SELECT 1;") }))
        await #expect(throws: error) { try await bench.open { _ in } }
    }

    @Test func refusesADatabaseWithAGap() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first, "0002-b.sql": Self.second])
        try await bench.open { database in
            try await database.write { try $0.execute(sql: "DELETE FROM migrations WHERE number = 1") }
        }
        await #expect(throws: MigrationError.gap(missing: 1)) { try await bench.open { _ in } }
    }

    @Test func refusesAMissingDirectory() async throws {
        let bench = try Bench.make([:])
        try FileManager.default.removeItem(at: bench.migrations)
        let error = await #expect(throws: MigrationError.self) { try await bench.open { _ in } }
        guard case .unreadable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func failureLeavesNothingOfTheFileAndAllBefore() async throws {
        let bench = try Bench.make(["0001-a.sql": Self.first, "0002-b.sql": "CREATE TABLE b (y); CREATE TABLE a (x);"])
        let error = await #expect(throws: MigrationError.self) { try await bench.open { _ in } }
        #expect(error == .failed(file: "0002-b", reason: "table a already exists"))
        try bench.write("0002-b.sql", Self.second)
        let tables = try await bench.tables()
        #expect(tables == ["a", "b", "migrations"])
    }

    @Test func refusesAMigrationThatBreaksAReference() async throws {
        let bench = try Bench.make([
            "0001-a.sql": Self.first, "0002-b.sql": Self.second, "0003-c.sql": "INSERT INTO b VALUES (7);",
        ])
        let error = await #expect(throws: MigrationError.self) { try await bench.open { _ in } }
        guard case .failed(file: "0003-c", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aRefusalReleasesTheDirectory() async throws {
        let bench = try Bench.make(["0001-a.sql": "CREATE TABLE"])
        let data = bench.directory.appendingPathComponent("data")
        #expect(throws: MigrationError.self) { _ = try Jobs.Database(directory: data, migrations: bench.migrations) }
        try Jobs.Database(directory: data, migrations: Fixture.migrations).close()
    }
}

/// A database and a directory of migrations.
private final class Bench: Sendable {
    let directory: URL
    let migrations: URL

    private init(directory: URL) throws {
        self.directory = directory
        migrations = directory.appendingPathComponent("migrations")
        try FileManager.default.createDirectory(at: migrations, withIntermediateDirectories: true)
    }

    static func make(_ files: [String: String]) throws -> Bench {
        let bench = try Bench(directory: .temporary())
        for (name, sql) in files {
            try bench.write(name, sql)
        }
        return bench
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func write(_ name: String, _ sql: String) throws {
        try Data(sql.utf8).write(to: migrations.appendingPathComponent(name))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: migrations.appendingPathComponent(name))
    }

    func open<T>(_ body: (DatabaseQueue) async throws -> T) async throws -> T {
        let files = try MigrationFile.load(from: migrations)
        let database = try DatabaseQueue(path: directory.appendingPathComponent("test.sqlite").path)
        try await database.writeWithoutTransaction { try Migrator(files: files, clock: .system).run(on: $0) }
        let result = try await body(database)
        try database.close()
        return result
    }

    func tables() async throws -> [String] {
        try await open { database in
            try await database.read { connection in
                try String.fetchAll(
                    connection,
                    sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
                )
            }
        }
    }
}
