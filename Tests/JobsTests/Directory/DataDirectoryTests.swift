import Foundation
import GRDB
import Platform
import TestSupport
import Testing

@testable import Jobs

/// Which directories are taken as data directories, and that others are left as they are.
struct DataDirectoryTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    private var directory: URL { URL(filePath: scratch.file("data")) }

    /// Opens and closes the database of `directory`.
    private func open(_ directory: URL? = nil) throws {
        try Jobs.Database(directory: directory ?? self.directory, migrations: Fixture.migrations).close()
    }

    private func make(_ files: [String: String]) throws {
        for (name, text) in files {
            let url = directory.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: directory.appendingPathComponent(name))
    }

    private func contents() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
    }

    @Test(arguments: [[], ["lost+found/"], ["limbic.lock"], ["limbic.json.1f.partial"], ["datasets/", "models/"]])
    func takesADirectoryWithNothingInIt(names: [String]) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for name in names {
            let path = directory.appendingPathComponent(name).path
            if name.hasSuffix("/") {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } else {
                try Data().write(to: URL(filePath: path))
            }
        }
        try open()
        #expect(try DirectoryMarker.read(in: directory)?.format == 1)
        try open()
    }

    @Test(arguments: [
        "notes.txt", "datasets/mosei/train.npz", "models/bert/weights.bin", "work/a", "incoming/mail", ".git/HEAD",
        // Names like ours.
        "limbic.health", "health", "limbic.json.bak",
    ])
    func leavesAForeignDirectoryAsItIs(name: String) throws {
        try make([name: "precious"])
        let before = try contents()
        let top = String(name.split(separator: "/")[0])
        #expect(throws: DirectoryError.foreign(directory: directory.path, examples: [top])) { try open() }
        #expect(try contents() == before)
    }

    @Test func leavesTheDatabaseOfAnotherProgramAsItIs() throws {
        try make([:])
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.appendingPathComponent("limbic.sqlite").path
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('a')") }
        try other.close()
        let before = try Data(contentsOf: URL(filePath: path))
        #expect(throws: DirectoryError.foreign(directory: directory.path, examples: ["limbic.sqlite"])) { try open() }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        #expect(try contents() == ["limbic.sqlite"])
    }

    @Test(arguments: [true, false])
    func refusesDataWithoutADatabase(hasMarker: Bool) throws {
        try open()
        try make(["datasets/ds_1/train-1": "clips", "models/emo/job_1-1/model.safetensors": "weights"])
        for name in try contents() where name.hasPrefix("limbic.sqlite") { try remove(name) }
        if !hasMarker { try remove("limbic.json") }
        let before = try contents()
        let error = #expect(throws: DirectoryError.self) { try open() }
        #expect(error == .lostDatabase(directory: directory.path, examples: ["datasets", "models"]))
        #expect(error?.description.contains("restore limbic.sqlite, or move datasets and models away") == true)
        #expect(try contents() == before)
    }

    @Test func refusesADatabaseThatIsEmptyOrDamagedBesideData() throws {
        try open()
        try make(["datasets/ds_1/train-1": "clips"])
        for bytes in ["", "not a database, and longer than the header of one"] {
            for name in try contents() where name.hasPrefix("limbic.sqlite") { try remove(name) }
            try make(["limbic.sqlite": bytes])
            let error = #expect(throws: DirectoryError.self) { try open() }
            guard case .lostDatabase = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try Data(contentsOf: directory.appendingPathComponent("limbic.sqlite")) == Data(bytes.utf8))
        }
    }

    @Test func refusesAnEmptyDatabaseBesideChangesThatWereNeverMergedIntoIt() throws {
        try open()
        for name in try contents() where name.hasPrefix("limbic.sqlite") { try remove(name) }
        try make(["limbic.sqlite": "", "limbic.sqlite-wal": "changes"])
        let error = #expect(throws: DirectoryError.self) { try open() }
        guard case .lostDatabase = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try contents().contains("limbic.sqlite-wal"))
    }

    @Test func goesOnAfterAFirstStartThatWasCutShort() throws {
        try open()
        for name in try contents() where name.hasPrefix("limbic.sqlite") { try remove(name) }
        // Write-ahead logging makes the first page before there is a table.
        let blank = try DatabasePool(path: directory.appendingPathComponent("limbic.sqlite").path)
        try blank.close()
        try open()
    }

    @Test func aCopyOfTheDatabaseAloneIsABackup() async throws {
        let database = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        let id = try await DatasetStore(database).create(name: "kept", document: Data("{}".utf8)).id
        try database.close()
        let file = directory.appendingPathComponent("limbic.sqlite")
        let copy = try Data(contentsOf: file)
        let again = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        try await again.write { try $0.execute(sql: "DELETE FROM datasets") }
        try again.close()
        try copy.write(to: file)
        let restored = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        #expect(try await DatasetStore(restored).get(id)?.name == "kept")
        try restored.close()
    }

    @Test func refusesTheDatabaseOfAnotherDataDirectory() throws {
        try open()
        let other = URL(filePath: scratch.file("other"))
        try open(other)
        try remove("limbic.sqlite")
        try FileManager.default.copyItem(
            at: other.appendingPathComponent("limbic.sqlite"), to: directory.appendingPathComponent("limbic.sqlite"))
        #expect(throws: DirectoryError.otherDatabase(directory: directory.path)) { try open() }
    }

    @Test func adoptsADirectoryWithoutAMarker() async throws {
        // As the first release left it.
        try make(["limbic.lock": ""])
        let (id, job) = ("ds_1", "job_1")
        let first = try MigrationFile.load(from: Fixture.migrations).prefix(1)
        let queue = try DatabaseQueue(path: directory.appendingPathComponent("limbic.sqlite").path)
        try await queue.writeWithoutTransaction { connection in
            try Migrator(files: Array(first), clock: .system).run(on: connection)
            try connection.execute(
                sql: """
                    INSERT INTO datasets (id, name, document, created_at) VALUES ('ds_1', 'kept', '{}', 5);
                    INSERT INTO jobs
                        (id, dataset, model, document, state, priority, max_attempts, last_event, idempotency_key,
                         request_digest, created_at, updated_at)
                    VALUES ('job_1', 1, 'emo', '{}', 'queued', 2, 1, 1, 'key', 'sha256:aa', 6, 6);
                    INSERT INTO events VALUES (1, 1, 'state', 0, 6, '{"state":"queued"}');
                    """)
        }
        try queue.close()
        try make(["datasets/\(id)/train-1": "clips", "health": "", "work/\(job)/notes": "of an attempt"])
        let again = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        #expect(try await DatasetStore(again).get(id)?.name == "kept")
        let stored = try await again.read { try String.fetchOne($0, sql: "SELECT id FROM data_directory") }
        #expect(try DirectoryMarker.read(in: directory)?.id == stored)
        // What its jobs left behind is known to be ours.
        #expect(try await PendingFiles(again).all() == ["work/\(job)"])
        // Its jobs, their events and their keys are there.
        let jobs = JobStore(again)
        #expect(try await jobs.get(job)?.priority == 2)
        #expect(try await jobs.events(of: job).data.count == 1)
        let keys = try await again.read { try String.fetchAll($0, sql: "SELECT key FROM idempotency_keys") }
        #expect(keys == ["key"])
        #expect(try await jobs.claim()?.job.id == job)
        try again.close()
        try open()
    }

    @Test func refusesTheLayoutOfANewerRelease() throws {
        try open()
        try make(["limbic.json": #"{"format": 2, "id": "dir_1"}"#])
        #expect(throws: DirectoryError.newerFormat(directory: directory.path, format: 2)) { try open() }
        for text in ["{", #"{"format": 0, "id": "dir_1"}"#, #"{"format": 1, "id": ""}"#] {
            try make(["limbic.json": text])
            #expect(throws: DirectoryError.unreadableMarker(directory: directory.path)) { try open() }
        }
    }

    @Test func saysWhyAPathCannotBeADataDirectory() throws {
        #expect(throws: DirectoryError.root) { try open(URL(filePath: "/")) }
        #expect(throws: DirectoryError.root) { try open(URL(filePath: "/tmp/..")) }
        let file = try scratch.write("file", [1])
        #expect(throws: DirectoryError.notADirectory(file)) { try open(URL(filePath: file)) }
        #expect(throws: DirectoryError.notADirectory(file)) { try open(URL(filePath: file + "/data")) }
        let link = scratch.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/nowhere/at/all")
        #expect(throws: DirectoryError.brokenLink(link, target: "/nowhere/at/all")) { try open(URL(filePath: link)) }
        // Nothing can be made there, not even by root.
        #expect(throws: DirectoryError.self) { try open(URL(filePath: "/proc/limbic")) }
        let locked = scratch.file("locked")
        try FileManager.default.createDirectory(atPath: locked + "/limbic.lock", withIntermediateDirectories: true)
        let cause = SystemError("open", path: locked + "/limbic.lock", code: EISDIR)
        #expect(throws: DirectoryError.inaccessible(locked, cause)) { try open(URL(filePath: locked)) }
    }

    @Test func knowsWhatIsBeingMadeAndWhatIsToGo() async throws {
        let fixture = try Fixture.make()
        let pending = PendingFiles(fixture.database)
        try await pending.add(["datasets/train", "incoming/1"])
        try await pending.add(["incoming/1"])
        #expect(try await pending.all() == ["incoming/1", "datasets/train"])
        // The record of a split takes its file over, and lets go of the one before.
        let dataset = try await fixture.makeDataset()
        #expect(try await pending.all() == ["incoming/1"])
        var other = SplitRecord.make()
        other.path = "datasets/train-2"
        _ = try await fixture.datasets.put(other, in: dataset.id)
        #expect(try await pending.all() == ["incoming/1", "datasets/train", "datasets/fingerprints-train"])
        try await pending.forget(["incoming/1"] + SplitRecord.make().files)
        #expect(try await pending.all().isEmpty)
        // The folder of a job is known from its claim on, that of a version until it is registered.
        let claimed = try await fixture.claim()
        try await pending.add(["models/1"])
        #expect(try await pending.all() == ["work/\(claimed.job.id)-1", "models/1"])
        try await fixture.jobs.finish(claimed.token, .succeeded(result: Data("{}".utf8), models: [.make()]))
        #expect(try await pending.all() == ["work/\(claimed.job.id)-1"])
    }
}
