import Foundation
import GRDB
import Platform
import TestSupport
import Testing

@testable import Jobs

/// Copies of data directories that are in use.
struct DirectoryBackupTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private var target: URL { URL(filePath: scratch.file("backup")) }

    private func write(_ path: String, _ text: String = "content", in directory: URL) throws {
        let url = directory.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// A job with a split, a log, a checkpoint and a version, and the files of all of them.
    private func fill(_ fixture: Fixture) async throws -> ClaimedJob {
        let claimed = try await fixture.claim()
        let checkpoint = WorkerMessage.Checkpoint(
            name: "c", step: 1, epoch: 1, digest: "sha256:aa", byteCount: 7, document: Data("{}".utf8))
        let path = "checkpoints/\(claimed.job.id)/1-1.safetensors"
        _ = try await fixture.jobs.keep(checkpoint, at: path, of: claimed.token)
        _ = try await fixture.models.register(.make(directory: "models/emo/1"))
        for path in [
            "datasets/train", "datasets/fingerprints-train", path, "models/emo/1/config.json",
            "models/emo/1/w.safetensors", "logs/\(claimed.job.id).log", "work/\(claimed.job.id)-1/model/config.json",
            "incoming/1",
        ] { try write(path, in: fixture.directory) }
        return claimed
    }

    private func backup(_ fixture: Fixture) throws -> DirectoryBackup {
        try DirectoryBackup(of: fixture.directory, to: target, migrations: Fixture.migrations)
    }

    private func contents(_ directory: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter { path in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: directory.appendingPathComponent(path).path, isDirectory: &isFolder)
            return !isFolder.boolValue
        }.sorted()
    }

    @Test func holdsWhatTheRecordsName() async throws {
        let fixture = try Fixture.make()
        let job = try await fill(fixture).job.id
        let report = try backup(fixture).run()
        let files = [
            "checkpoints/\(job)/1-1.safetensors", "datasets/fingerprints-train", "datasets/train", "limbic.json",
            "limbic.sqlite", "logs/\(job).log", "models/emo/1/config.json", "models/emo/1/w.safetensors",
        ]
        #expect(try contents(target) == files)
        #expect(report.missing.isEmpty && report.files == 6 && report.links == 5)
        #expect((report.jobs, report.datasets, report.versions) == (1, 1, 1))
        // What is said later is said in one of them only.
        try write("logs/\(job).log", "more", in: fixture.directory)
        #expect(try String(contentsOf: target.appendingPathComponent("logs/\(job).log"), encoding: .utf8) == "content")
        let copy = try Fixture.make(directory: target, keepsDirectory: true)
        #expect(try await copy.jobs.get(job)?.state == .running)
        #expect(try await copy.jobs.get(job)?.checkpoints.count == 1)
        try copy.database.close()
    }

    @Test func hasEveryJobThatWasAcknowledgedBefore() async throws {
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset().id
        try write("datasets/train", in: fixture.directory)
        let submission = JobSubmission(dataset: dataset, model: "emo", document: Data("{}".utf8))
        let before = Mutex<[String]>([])
        for _ in 0..<10 {
            let job = try await fixture.jobs.submit(submission).job.id
            before.withLock { $0.append(job) }
        }
        // Others go on while it copies.
        let isDone = Mutex(false)
        let submitting = Task {
            while !isDone.withLock({ $0 }) { _ = try await fixture.jobs.submit(submission) }
        }
        let report = try await WorkQueue("test.backup").run { [backup = try backup(fixture)] in try backup.run() }
        isDone.withLock { $0 = true }
        try await submitting.value
        let copy = try Fixture.make(directory: target, keepsDirectory: true)
        for job in before.withLock({ $0 }) { #expect(try await copy.jobs.get(job)?.state == .queued) }
        let count = try await copy.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM jobs") }
        #expect(count == report.jobs)
        #expect(try await copy.jobs.claim()?.job.id == before.withLock { $0[0] })
        try copy.database.close()
    }

    @Test func beginsAnewWhenFilesGoMeanwhile() async throws {
        let fixture = try Fixture.make()
        try write("models/emo/1/config.json", in: fixture.directory)
        try write("models/emo/2/config.json", in: fixture.directory)
        for version in ["1", "2"] { _ = try await fixture.models.register(.make(directory: "models/emo/\(version)")) }
        var backup = try backup(fixture)
        let rounds = Mutex(0)
        backup.didCopyDatabase = { [directory = fixture.directory] round in
            rounds.withLock { $0 = round }
            guard round == 1 else { return }
            let other = try DatabaseQueue(path: directory.appendingPathComponent("limbic.sqlite").path)
            try other.write { try $0.execute(sql: "DELETE FROM model_versions WHERE directory = 'models/emo/2'") }
            try FileManager.default.removeItem(at: directory.appendingPathComponent("models/emo/2"))
        }
        let report = try backup.run()
        #expect(rounds.withLock { $0 } == 2)
        #expect(report.versions == 1 && report.missing.isEmpty)
        #expect(try contents(target) == ["limbic.json", "limbic.sqlite", "models/emo/1/config.json"])
    }

    @Test func saysWhatWasLostBefore() async throws {
        let fixture = try Fixture.make()
        _ = try await fixture.models.register(.make(directory: "models/emo/1"))
        #expect(try backup(fixture).run().missing == ["models/emo/1"])
        let copy = try Fixture.make(directory: target, keepsDirectory: true)
        try copy.database.close()
    }

    @Test func refusesWhatCannotBeCopied() async throws {
        let fixture = try Fixture.make()
        _ = try await fill(fixture)
        let nothing = URL(filePath: scratch.file("nothing"))
        #expect(throws: BackupError.noDatabase(directory: nothing.path)) {
            _ = try DirectoryBackup(of: nothing, to: target, migrations: Fixture.migrations)
        }
        try write("notes.txt", in: target)
        #expect(throws: BackupError.targetInUse(target.path)) { _ = try backup(fixture).run() }
        #expect(try contents(target) == ["notes.txt"])
        try FileManager.default.removeItem(at: target)
        // A failure leaves nothing.
        struct Interruption: Error {}
        var interrupted = try backup(fixture)
        interrupted.didCopyDatabase = { _ in throw Interruption() }
        #expect(throws: Interruption.self) { _ = try interrupted.run() }
        #expect(!FileManager.default.fileExists(atPath: target.path))
        let migration = "INSERT INTO migrations VALUES (99, 'x', 'sha256:x', 0)"
        try await fixture.database.write { try $0.execute(sql: migration) }
        let known = try MigrationFile.load(from: Fixture.migrations).count
        #expect(throws: MigrationError.newerDatabase(applied: 99, known: known)) { _ = try backup(fixture) }
    }

    @Test func copiesADirectoryThatNobodyServes() async throws {
        let directory = URL(filePath: scratch.file("data"))
        let fixture = try Fixture.make(directory: directory, keepsDirectory: true)
        _ = try await fill(fixture)
        try fixture.database.close()
        let report = try DirectoryBackup(of: directory, to: target, migrations: Fixture.migrations).run()
        #expect(report.jobs == 1)
        let copy = try Fixture.make(directory: target, keepsDirectory: true)
        try copy.database.close()
    }
}
