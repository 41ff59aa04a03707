import Foundation
import GRDB
import Platform
import Testing

@testable import Jobs

/// Damage, other programs that have the database open, and full disks.
struct DatabaseCareTests {
    private func path(in directory: URL) -> String { directory.appendingPathComponent("limbic.sqlite").path }

    private func size(ofLogIn directory: URL) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path(in: directory) + "-wal")[.size] as? Int ?? 0
    }

    /// Overwrites the page that a table or an index begins at.
    private func damage(_ name: String, in directory: URL) throws {
        let queue = try DatabaseQueue(path: path(in: directory))
        let (page, size) = try queue.read { connection in
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            return try (
                Int.fetchOne(connection, sql: sql, arguments: [name]) ?? 0,
                Int.fetchOne(connection, sql: "PRAGMA page_size") ?? 0
            )
        }
        try queue.close()
        let file = try FileHandle(forUpdating: URL(filePath: path(in: directory)))
        try file.seek(toOffset: UInt64((page - 1) * size))
        try file.write(contentsOf: Data(repeating: 0xA5, count: size))
        try file.close()
    }

    @Test(arguments: ["jobs", "events", "jobs_by_state"])
    func refusesADatabaseThatIsDamaged(name: String) async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        let fixture = try Fixture.make(directory: directory, keepsDirectory: true)
        try await fixture.submit()
        try fixture.database.close()
        try damage(name, in: directory)
        let error = #expect(throws: DirectoryError.self) {
            _ = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        }
        #expect(error?.description.contains("the limbic.sqlite in \(directory.path) is damaged (") == true)
        #expect(error?.description.contains("start on a backup") == true)
    }

    @Test func leavesTheHistoryOutOfALargeDatabase() async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        let fixture = try Fixture.make(directory: directory, keepsDirectory: true)
        try await fixture.submit()
        try fixture.database.close()
        try damage("metrics", in: directory)
        #expect(try findings(in: directory, wholeSize: 1 << 30) != nil)
        #expect(try findings(in: directory, wholeSize: 0) == nil)
        try damage("jobs", in: directory)
        #expect(try findings(in: directory, wholeSize: 0) != nil)
    }

    private func findings(in directory: URL, wholeSize: Int) throws -> String? {
        let queue = try DatabaseQueue(path: path(in: directory))
        defer { try? queue.close() }
        return try queue.read { connection in
            try IntegrityCheck(connection: connection, wholeSize: wholeSize).run()
        }
    }

    @Test func waitsForAnotherWriterForAWhileOnly() async throws {
        let fixture = try Fixture.make(busyTimeout: .milliseconds(20))
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path(in: fixture.directory), configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: StorageError.self) { try await fixture.submit() }
        #expect(error?.kind == .busy)
        #expect(error?.isTemporary == true)
        // Nobody who reads is held up.
        #expect(try await fixture.jobs.list().data.isEmpty)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await fixture.submit()
        #expect(try await fixture.jobs.list().data.count == 1)
    }

    /// As a program that inspects the database and forgets about it.
    private func makeReader(of directory: URL) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: path(in: directory), configuration: configuration)
        try reader.inDatabase { connection in
            try connection.execute(sql: "BEGIN")
            _ = try Int.fetchOne(connection, sql: "SELECT count(*) FROM datasets")
        }
        return reader
    }

    @Test(arguments: [true, false])
    func theLogOfChangesIsShortAgainAfterAReaderHasEnded(isTrimmed: Bool) async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        let limit = 1 << 20
        let database = try Jobs.Database(
            directory: directory, migrations: Fixture.migrations, options: .init(logLimit: limit))
        let datasets = DatasetStore(database)
        let reader = try makeReader(of: directory)
        let document = Data((#"{"note":""# + String(repeating: "a", count: 1 << 18) + #""}"#).utf8)
        for _ in 0..<20 { _ = try await datasets.create(name: "words", document: document) }
        // The reader is not waited for, neither here nor by what is written.
        #expect(try await database.trimLog() > 4 * limit)
        _ = try await datasets.create(name: "words", document: document)
        try reader.close()
        if isTrimmed {
            #expect(try await database.trimLog() == 0)
            #expect(try size(ofLogIn: directory) == 0)
        } else {
            // What is written next finds all of it in the database, and begins the log anew.
            for _ in 0..<3 { _ = try await datasets.create(name: "words", document: Data("{}".utf8)) }
            #expect(try size(ofLogIn: directory) <= limit)
        }
        let timeout = try await database.write { try Int.fetchOne($0, sql: "PRAGMA busy_timeout") }
        #expect(timeout == 10_000)
        #expect(try await datasets.list().data.count == (isTrimmed ? 21 : 24))
        try database.close()
    }

    @Test func aFullDiskUndoesOnlyWhatDoesNotFit() async throws {
        let fixture = try Fixture.make()
        try await fixture.submit()
        func limitPages(to count: Int) async throws {
            _ = try await fixture.database.write { try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(count)") }
        }
        let pages = try await fixture.database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await limitPages(to: pages)
        let document = #"{"note":"\#(String(repeating: "a", count: 1 << 16))"}"#
        let error = await #expect(throws: StorageError.self) { try await fixture.submit(document: document) }
        #expect(error?.kind == .full)
        #expect(error?.isTemporary == true)
        #expect(try await fixture.jobs.list().data.count == 1)
        try await limitPages(to: 1 << 20)
        try await fixture.submit(document: document)
        #expect(try await fixture.jobs.list().data.count == 2)
    }
}
