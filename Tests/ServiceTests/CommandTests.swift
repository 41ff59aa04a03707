import Foundation
import Testing

@testable import Service

/// Commands as a user runs them.
struct CommandTests {
    private let directory = URL.temporary()

    /// Runs `limbic` to its end.
    private func limbic(
        _ arguments: String...,
        environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
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

    /// How `limbic serve` ends that is refused its data directory.
    private func serve(_ path: String, environment: [String: String] = [:]) throws -> (status: Int32, errors: String) {
        let migrations = TestService.root.appendingPathComponent("Migrations").path
        let publicFolder = TestService.root.appendingPathComponent("Public").path
        let end = try limbic(
            "serve", "--port", "0", "--migrations", migrations, "--public", publicFolder, "--data-dir", path,
            environment: environment)
        #expect(end.output.isEmpty)
        return (end.status, end.errors)
    }

    @Test(arguments: ["", " "])
    func anEmptyPathIsRefused(path: String) throws {
        let flag = try serve(path)
        #expect(flag.status == 64)
        #expect(flag.errors.contains("--data-dir: the path is empty"))
        let variable = try limbic("serve", "--port", "0", environment: ["LIMBIC_DATA_DIR": path])
        #expect(variable.status == 64)
        #expect(variable.errors.contains("LIMBIC_DATA_DIR: the path is empty"))
        for name in ["--migrations", "--public"] {
            let end = try limbic("serve", "--port", "0", "--data-dir", directory.path, name, path)
            #expect(end.status == 64 && end.errors.contains("\(name): the path is empty"))
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func aDirectoryOfSomebodyElseIsRefusedInOneSentence() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let folder = directory.appending(path: "models")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: folder.appending(path: "weights.bin"))
        let end = try serve(directory.path)
        #expect(end.status == 78)
        #expect(
            end.errors == """
                limbic: \(directory.path) is not a data directory of Limbic and is not empty (it holds models): name an \
                empty or a new directory

                """)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted() == [
                "models", "models/weights.bin",
            ])
        let file = try serve(folder.appending(path: "weights.bin").path)
        #expect(file.status == 78 && file.errors.hasSuffix("is not a directory, so it cannot be a data directory\n"))
        #expect(try serve("/").status == 78)
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
}
