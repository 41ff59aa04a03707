import Foundation
import JSON
import Platform
import Testing

@testable import Jobs

/// A data directory of its own with an open database, closed and removed with the value.
final class Fixture: Sendable {
    let directory: URL
    let clock = TestClock()
    let database: Jobs.Database
    let datasets: DatasetStore
    let jobs: JobStore
    let models: ModelStore

    /// The migrations of the service.
    static let migrations = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Migrations")

    private let keepsDirectory: Bool

    private init(directory: URL, keepsDirectory: Bool, busyTimeout: Duration) throws {
        self.directory = directory
        self.keepsDirectory = keepsDirectory
        database = try Jobs.Database(
            directory: directory,
            migrations: Self.migrations,
            options: .init(clock: clock.wallClock, busyTimeout: busyTimeout)
        )
        datasets = DatasetStore(database)
        jobs = JobStore(database)
        models = ModelStore(database)
    }

    static func make(
        directory: URL = .temporary(),
        keepsDirectory: Bool = false,
        busyTimeout: Duration = .seconds(10)
    ) throws -> Fixture {
        try Fixture(directory: directory, keepsDirectory: keepsDirectory, busyTimeout: busyTimeout)
    }

    deinit {
        try? database.close()
        if !keepsDirectory {
            try? FileManager.default.removeItem(at: directory)
        }
    }

    /// A data set with one split.
    func makeDataset(name: String = "words") async throws -> DatasetRecord {
        let dataset = try await datasets.create(name: name, document: Data(#"{"labels":["happy"]}"#.utf8))
        return try await datasets.put(.make(), in: dataset.id).dataset
    }

    /// A job that waits, on a data set of its own.
    @discardableResult
    func submit(priority: Int = 0, maxAttempts: Int = 1, document: String = "{}") async throws -> JobRecord {
        let dataset = try await makeDataset()
        let submission = JobSubmission(
            dataset: dataset.id,
            model: "emo",
            document: Data(document.utf8),
            priority: priority,
            maxAttempts: maxAttempts
        )
        return try await jobs.submit(submission).job
    }

    /// A job whose attempt has begun.
    func claim(maxAttempts: Int = 1) async throws -> ClaimedJob {
        try await submit(maxAttempts: maxAttempts)
        return try #require(try await jobs.claim())
    }

    /// The job, as soon as it is as wanted.
    func job(
        _ id: String,
        where condition: @Sendable (JobRecord) async throws -> Bool
    ) async throws -> JobRecord {
        for await _ in jobs.changes(of: id) {
            let job = try #require(try await jobs.get(id))
            if try await condition(job) {
                return job
            }
        }
        throw CancellationError()
    }

    /// The first event of a kind, as soon as it is there.
    func event(_ kind: String, of id: String) async throws -> EventRecord {
        for await _ in jobs.changes(of: id) {
            if let event = try await jobs.events(of: id, limit: 1000).data.first(where: { $0.kind == kind }) {
                return event
            }
        }
        throw CancellationError()
    }

    func events(of id: String) async throws -> [EventRecord] {
        try await jobs.events(of: id, limit: 10_000).data
    }

    /// The states a job went through, by its events.
    func states(of id: String) async throws -> [String] {
        try await events(of: id).filter { $0.kind == EventRecord.stateKind }.map { event in
            try #require(event.fields["state"])
        }
    }
}

extension EventRecord {
    /// The document's fields that are strings.
    var fields: [String: String] {
        let document = try? JSONReader.decode([String: JSONValue].self, from: document)
        return (document ?? [:]).compactMapValues { value in
            if case .string(let text) = value { text } else { nil }
        }
    }
}

extension SplitRecord {
    static func make(name: String = "train", digest: String = "sha256:00") -> SplitRecord {
        SplitRecord(name: name, digest: digest, byteCount: 12, path: "datasets/\(name)", document: Data("{}".utf8))
    }
}

extension ModelDraft {
    static func make(name: String = "emo", directory: String = "models/1") -> ModelDraft {
        ModelDraft(name: name, digest: "sha256:01", directory: directory, document: Data(#"{"f1":0.6}"#.utf8))
    }
}

extension URL {
    /// A directory that does not exist yet.
    static func temporary() -> URL {
        URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("limbic-\(UUID().uuidString)")
    }
}

/// A clock that goes on by a millisecond with every look at it, and otherwise as told.
final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_000_000)

    var wallClock: WallClock {
        WallClock { [self] in
            time.withLock { time in
                time += 1
                return time
            }
        }
    }

    func advance(by milliseconds: Int64) {
        time.withLock { $0 += milliseconds }
    }
}
