import Foundation
import Testing

@testable import Service

/// Commands that may have little address space. Sanitizers, which take terabytes of it, leave them out.
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
}
