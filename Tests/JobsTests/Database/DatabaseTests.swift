import Foundation
import GRDB
import Testing

@testable import Jobs

@Suite struct DatabaseTests {
    @Test func keepsEveryCommitThroughALossOfPower() async throws {
        let fixture = try Fixture.make()
        let modes = try await fixture.database.write { connection in
            try [
                String.fetchOne(connection, sql: "PRAGMA journal_mode"),
                String.fetchOne(connection, sql: "PRAGMA synchronous"),
                String.fetchOne(connection, sql: "PRAGMA foreign_keys"),
            ]
        }
        #expect(modes == ["wal", "2", "1"])
    }

    @Test func secondServerIsRefused() throws {
        let fixture = try Fixture.make()
        let error = #expect(throws: DirectoryError.self) {
            _ = try Jobs.Database(directory: fixture.directory, migrations: Fixture.migrations)
        }
        #expect(error == .alreadyInUse(directory: fixture.directory.path, holder: getpid()))
        #expect(
            error?.description
                == "the data directory \(fixture.directory.path) is in use by another server (process \(getpid()))"
        )
    }

    @Test func opensAgainAfterTheFirstIsGone() async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        var id = ""
        do {
            let database = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
            id = try await DatasetStore(database).create(name: "kept", document: Data("{}".utf8)).id
            try database.close()
        }
        let again = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        #expect(try await DatasetStore(again).get(id)?.name == "kept")
        try again.close()
    }

    @Test func releaseDoesNotWaitForCopiesOfTheDescriptor() throws {
        let fixture = try Fixture.make()
        let path = fixture.directory.appendingPathComponent("limbic.lock").path
        // A child between fork and exec has such copies.
        let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { Int32($0) }
            .filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path }
            .map { dup($0) }
        defer { copies.forEach { close($0) } }
        #expect(copies.count == 1)
        try fixture.database.close()
        try Jobs.Database(directory: fixture.directory, migrations: Fixture.migrations).close()
    }

    @Test func failuresOfSQLiteKeepTheirCode() async throws {
        let fixture = try Fixture.make()
        let error = await #expect(throws: StorageError.self) {
            try await fixture.database.write { try $0.execute(sql: "INSERT INTO attempts (job) VALUES (1)") }
        }
        #expect(error?.kind == .other)
        #expect(error?.isTemporary == false)
        #expect(error?.message.contains("attempts") == true)
    }

    @Test func readingCannotWrite() async throws {
        let fixture = try Fixture.make()
        await #expect(throws: StorageError.self) {
            try await fixture.database.read { try $0.execute(sql: "DELETE FROM jobs") }
        }
    }

    @Test func aProbeNeedsRoomToGrow() async throws {
        let fixture = try Fixture.make()
        func limitPages(to count: String) async throws {
            try await fixture.database.write { connection in
                _ = try Int.fetchOne(connection, sql: "PRAGMA max_page_count = \(count)")
            }
        }
        let pages = try await fixture.database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await limitPages(to: "\(pages)")
        let error = await #expect(throws: StorageError.self) { try await fixture.database.probe(size: 1 << 14) }
        #expect(error?.kind == .full)
        try await limitPages(to: "1000000")
        try await fixture.database.probe(size: 1 << 14)
        let kept = try await fixture.database.read {
            try Int.fetchOne($0, sql: "SELECT length(probe) FROM data_directory")
        }
        #expect(kept == nil)
    }

    @Test func changeStreamsEndWithTheDatabase() async throws {
        let fixture = try Fixture.make()
        let changes = fixture.jobs.changes(of: "job_x")
        try fixture.database.close()
        var count = 0
        for await _ in changes {
            count += 1
        }
        #expect(count == 1)
        for await _ in fixture.jobs.changes(of: "job_x") {
            count += 1
        }
        #expect(count == 2)
    }

    @Test func changeStreamsThatAreDroppedLeaveNothing() async throws {
        let fixture = try Fixture.make()
        let listener = Task {
            for await _ in fixture.jobs.changes(of: "job_x") {}
        }
        listener.cancel()
        await listener.value
        #expect(fixture.database.changes.listenerCount == 0)
    }
}
