import Emotion
import Foundation
import Jobs
import JSON
import Platform
import Testing

@testable import Service

/// Servers and workers that are killed at any moment, and what becomes of the jobs.
struct SurvivalTests {
    /// Seconds for which servers are killed, and the jobs they work on; `make soak` asks for more.
    private static let seconds = ProcessInfo.processInfo.environment["LIMBIC_SOAK_SECONDS"].flatMap(Int.init) ?? 0
    private static let jobs = seconds > 0 ? 1000 : 6
    /// Kills at least.
    private static let kills = 4

    private static func body(_ dataset: String, epochs: Int) -> String {
        #"""
        {"dataset": "\#(dataset)", "model": "emo", "seed": 3, "max_attempts": 100, "checkpoint": {"every_steps": 3},
         "hyperparameters": {"d_model": 8, "heads": 2, "feed_forward": 8, "unimodal_blocks": 1, "multimodal_blocks": 1,
                             "batch_size": 12, "learning_rate": 1e-3, "epochs": \#(epochs)}}
        """#
    }

    private func submit(_ count: Int, to service: TestService, _ dataset: String, epochs: Int) async throws -> [String]
    {
        var ids: [String] = []
        for _ in 0..<count {
            let reply = try await service.post("/v1/jobs", Self.body(dataset, epochs: epochs))
            #expect(reply.status == 201)
            ids.append(try #require(try reply.json["id"].text))
        }
        return ids
    }

    /// All jobs are over.
    private func isDone(_ server: ServerProcess) async throws -> Bool {
        for state in ["queued", "running"] {
            let list = try await server.getJSON("/v1/jobs?status=\(state)&limit=1")
            guard case .array(let jobs) = list["data"], jobs.isEmpty else { return false }
        }
        return true
    }

    /// How much has happened so far: grows with every step and attempt.
    private func activity(_ server: ServerProcess) async throws -> Int {
        let list = try await server.getJSON("/v1/jobs?status=running&limit=10")
        guard case .array(let jobs) = list["data"] else { return 0 }
        return jobs.reduce(0) { sum, job in
            sum + (job["attempt"].exactInteger ?? 0) + (job["progress"]["step"].exactInteger ?? 0)
        }
    }

    @Test(.timeLimit(.minutes(60))) func jobsOutliveTheirServers() async throws {
        // Each removes the directory at its end.
        let service = try TestService.make()
        defer { withExtendedLifetime(service) {} }
        let dataset = try await service.makeSyntheticDataset()
        let epochs = Self.seconds > 0 ? 2 : 4
        let ids = try await submit(Self.jobs, to: service, dataset, epochs: epochs)
        try service.backend.database.close()

        let begin = ContinuousClock.now
        var kills = 0
        while true {
            let server = try ServerProcess(service.directory.path, ["--port", "0", "--slots", "2"])
            let isOver = kills >= Self.kills && ContinuousClock.now - begin > .seconds(Self.seconds)
            if isOver {
                while try await !isDone(server) {}
                server.signal(SIGTERM)
                #expect(try await server.end() == 0)
                break
            }
            // At some moment after something has happened; perhaps the last job has.
            var rest = Int.random(in: 1...20)
            var last = try await activity(server)
            while rest > 0, try await !isDone(server) {
                let now = try await activity(server)
                if now != last { rest -= 1 }
                last = now
            }
            server.signal(SIGKILL)
            _ = try await server.end()
            kills += 1
        }

        let after = try TestService.make(at: service.directory)
        defer { withExtendedLifetime(after) {} }
        // What an undisturbed training comes to.
        let reference = try await submit(1, to: after, dataset, epochs: epochs)[0]
        try after.backend.database.close()
        try await runToTheEnd(service.directory)

        let last = try TestService.make(at: service.directory)
        defer { withExtendedLifetime(last) {} }
        let expected = try await Course(of: reference, in: last)
        #expect(expected.versions == 1 && expected.attempts == 1)
        for id in ids {
            let course = try await Course(of: id, in: last)
            #expect(course.state == .succeeded && course.versions == 1)
            #expect(course.training == expected.training)
        }
        try last.backend.database.close()
    }

    /// Serves the data in a directory, undisturbed, until all of its jobs are over.
    private func runToTheEnd(_ directory: URL) async throws {
        let server = try ServerProcess(directory.path, ["--port", "0"])
        while try await !isDone(server) {}
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
    }

    /// A worker that is killed uses up an attempt, and the next one goes on.
    @Test(
        .timeLimit(.minutes(30)),
        arguments: [
            "step:2", "during-checkpoint:2", "after-checkpoint-file:1", "after-checkpoint:1", "before-result",
            "after-result",
        ])
    func jobsOutliveTheirWorkers(fault: String) async throws {
        // Each removes the directory at its end.
        let service = try TestService.make()
        defer { withExtendedLifetime(service) {} }
        let dataset = try await service.makeSyntheticDataset()
        let ids = try await submit(1, to: service, dataset, epochs: 2)
        try service.backend.database.close()
        // A server whose workers die there, until one has; then one whose workers do not.
        let fatal = try ServerProcess(service.directory.path, ["--port", "0"], environment: ["LIMBIC_FAULT": fault])
        while try await fatal.getJSON("/v1/jobs/\(ids[0])")["attempts"][0]["outcome"].text != "failed" {}
        fatal.signal(SIGTERM)
        #expect(try await fatal.end() == 0)
        let next = try TestService.make(at: service.directory)
        defer { withExtendedLifetime(next) {} }
        let reference = try await submit(1, to: next, dataset, epochs: 2)[0]
        try next.backend.database.close()
        try await runToTheEnd(service.directory)
        let last = try TestService.make(at: service.directory)
        defer { withExtendedLifetime(last) {} }
        let (course, expected) = (try await Course(of: ids[0], in: last), try await Course(of: reference, in: last))
        #expect(course.state == .succeeded && course.attempts > 1 && course.versions == 1)
        #expect(course.training == expected.training)
        try last.backend.database.close()
    }
}

/// What came of a job, but for times.
private struct Course {
    struct Training: Equatable {
        var events: [String] = []
        var metrics: [String: [Double?]] = [:]
        /// Digest of the weights.
        var weights = ""
    }

    let state: JobState
    let attempts: Int
    let versions: Int
    var training = Training()

    init(of id: String, in service: TestService) async throws {
        let job = try #require(try await service.backend.jobs.get(id))
        (state, attempts, versions) = (job.state, job.attempt, job.versions.count)
        for event in try await service.backend.jobs.events(of: id, limit: 1000).data {
            guard event.kind != "state", event.kind != "resumed" else { continue }
            training.events.append("\(event.kind) \(String(decoding: event.document, as: UTF8.self))")
        }
        for series in try await service.backend.jobs.metrics(of: id) where series.name != "clips_per_second" {
            training.metrics[series.name] = series.points.map(\.value)
        }
        guard let version = job.versions.first,
            let record = try await service.backend.models.get(version.name, version: version.version)
        else { return }
        training.weights = try SHA256.digest(
            ofFile: service.backend.directory.path("\(record.directory)/\(ModelDirectory.weightsName)"))
    }
}

extension ServerProcess {
    fileprivate func getJSON(_ path: String) async throws -> JSONValue {
        let answer = try await get(path)
        let body = try #require(answer.range(of: "\r\n\r\n")).upperBound
        return try JSONReader.value(Array(answer[body...].utf8))
    }
}
