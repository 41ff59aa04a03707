import Foundation
import Jobs
import JSON
import TestSupport
import Testing

@testable import Service

/// Commands and workers that may have little memory. Sanitizers, which take terabytes of address space, leave them out.
struct MemoryLimitTests {
    private let directory = URL.temporary()

    /// Runs `limbic` with at most that many KiB of address space.
    private func limbic(
        memory kibibytes: Int, _ arguments: [String]
    ) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let executable = ServiceConfiguration.make(directory).workerExecutable
        process.arguments = ["-c", "ulimit -v \(kibibytes); exec \"$@\"", "sh", executable] + arguments
        let errors = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (
            FileHandle.nullDevice, FileHandle.nullDevice, errors
        )
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        return (process.terminationStatus, text)
    }

    @Test func aTrainingThatDoesNotFitIntoMemoryIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (data, out) = (directory.appending(path: "data").path, directory.appending(path: "model").path)
        let synthesis = ["dataset", "synthesize", "--out", data, "--clips", "8,8,8"]
        #expect(try limbic(memory: 64 << 20, synthesis).status == 0)
        for set in [
            ["d_model=8192", "heads=1", "feed_forward=1"], ["d_model=512", "feed_forward=65536", "unimodal_blocks=64"],
        ] {
            let (status, errors) = try limbic(
                memory: 3 << 20,
                ["train", "--data", data, "--out", out, "--quiet", "--threads", "1"] + set.flatMap { ["--set", $0] })
            #expect(status == 71)
            #expect(errors.hasPrefix("limbic: the training needs about "), "\(errors)")
            #expect(errors.hasSuffix(" are available\n") && errors.split(separator: "\n").count == 1, "\(errors)")
            #expect(!FileManager.default.fileExists(atPath: out))
        }
    }

    @Test func memoryThatNobodyAskedForBeforeEndsInALine() throws {
        let (status, errors) = try limbic(memory: 1 << 20, ["bench", "predict", "--d-model", "4096", "--threads", "1"])
        #expect(status == 71)
        #expect(errors.hasPrefix("limbic: out of memory: ") && errors.hasSuffix(" more are needed\n"), "\(errors)")
        #expect(errors.split(separator: "\n").count == 1)
    }

    @Test(.timeLimit(.minutes(30)))
    func startsWorkersAsTold() async throws {
        let scratch = try ScratchDirectory()
        let data = scratch.file("data")
        let id = try await {
            let service = try TestService.make()
            let dataset = try await service.makeSyntheticDataset()
            let size = #""hyperparameters": {"d_model": 4096, "heads": 1, "feed_forward": 4096}"#
            let job = try await service.post(
                "/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo", "max_attempts": 1, \#(size)}"#)
            try service.backend.database.close()
            try FileManager.default.copyItem(at: service.directory, to: URL(filePath: data))
            return try #require(try job.json["id"].text)
        }()
        let seen = scratch.file("seen by the launcher")
        let script = #"nice > "$1"; shift; exec "$@""#
        let launcher = try JSONEncoder().encode(["sh", "-c", script, "sh", seen])
        let server = try ServerProcess(
            data,
            [
                "--port", "0", "--worker-niceness", "3", "--worker-memory", "\(1 << 30)", "--training-threads", "1",
                "--stall-seconds", "600",
            ],
            environment: ["LIMBIC_LAUNCHER": String(decoding: launcher, as: UTF8.self)])
        // Ends with the job.
        _ = try await server.get("/v1/jobs/\(id)/events", accept: "text/event-stream")
        let job = try await server.get("/v1/jobs/\(id)")
        #expect(job.contains("the training needs about "), "\(job)")
        #expect(try String(contentsOfFile: seen, encoding: .utf8) == "3\n")
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
    }
}
