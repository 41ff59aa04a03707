import Foundation
import Testing

@testable import Service

/// Commands as a user runs them.
struct CommandTests {
    private let directory = URL.temporary()

    /// Runs `limbic` to its end.
    private func limbic(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: ServiceConfiguration.make(directory).workerExecutable)
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, output, errors)
        try process.run()
        // What goes to standard error is less than a pipe holds.
        let texts = try [output, errors].map { pipe in
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[0], texts[1])
    }

    @Test func modalityBiasKeepsItsModalities() throws {
        let out = directory.appending(path: "data").path
        let made = try limbic(
            "dataset", "synthesize", "--out", out, "--kind", "modality-bias", "--modalities", "text:4:3,audio:4:3")
        #expect(made.status == 64)
        #expect(made.errors.contains("--modalities would take the bias out of --kind modality-bias"))
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test func aStudyGoesOnWhenACellDiverges() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (data, out) = (directory.appending(path: "data").path, directory.appending(path: "study").path)
        #expect(try limbic("dataset", "synthesize", "--out", data, "--clips", "40,8,8").status == 0)
        let cells = directory.appending(path: "cells.json")
        try Data(
            #"""
            [{"name": "calm", "hyperparameters": {}},
             {"name": "wild", "hyperparameters": {"learning_rate": 10, "weight_decay": 10, "schedule": "constant"}}]
            """#.utf8
        ).write(to: cells)
        func study(seeds: String) throws -> (status: Int32, output: String, errors: String) {
            try limbic(
                "ablate", "--data", data, "--out", out, "--cells", cells.path, "--seeds", seeds, "--threads", "1",
                "--set", "d_model=8", "--set", "heads=2", "--set", "feed_forward=8", "--set", "unimodal_blocks=1",
                "--set", "multimodal_blocks=1", "--set", "epochs=2", "--set", "batch_size=1", "--set", "warmup_steps=0")
        }
        let first = try study(seeds: "1")
        #expect(first.status == 0)
        #expect(first.output.contains("| wild, diverged (seed 1) | – |"))
        #expect(first.errors.hasSuffix("limbic: 1 of 2 runs diverged and are left out of the numbers: wild (seed 1)\n"))
        let again = try study(seeds: "1")
        #expect(again.status == 0 && again.output == first.output)
        #expect(again.errors.hasPrefix("2 of 2 runs are there already\n"))
    }

    /// Runs `limbic` with at most that many KiB of address space.
    private func limbic(
        memory kibibytes: Int, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let executable = ServiceConfiguration.make(directory).workerExecutable
        process.arguments = ["-c", "ulimit -v \(kibibytes); exec \"$@\"", "sh", executable] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
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
        #expect(try limbic("dataset", "synthesize", "--out", data, "--clips", "8,8,8").status == 0)
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

    @Test(arguments: [("LIMBIC_GEMM", "mkl", "limbic, openblas, onednn"), ("LIMBIC_THREADS", "many", "LIMBIC_THREADS")])
    func settingsOfTheEngineAreChecked(variable: String, value: String, part: String) throws {
        let (status, errors) = try limbic(
            memory: 64 << 20, ["bench", "gemm", "--steps", "1"], environment: [variable: value])
        #expect(status == 64)
        #expect(errors.contains(variable) && errors.contains(part), "\(errors)")
    }
}
