import Emotion
import Foundation
import JSON
import Platform
import TestSupport
import Testing

@testable import Service

/// `limbic train` and `limbic ablate` that are ended in the middle, and go on.
struct ResumeCommandTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
        let end = try limbic("dataset", "synthesize", "--out", scratch.file("data"), "--clips", "40,16,16")
        #expect(end.status == 0)
    }

    private static let small =
        [
            "d_model=8", "heads=2", "feed_forward=8", "unimodal_blocks=1", "multimodal_blocks=1", "epochs=4",
            "batch_size=8", "learning_rate=1e-3",
        ].flatMap { ["--set", $0] } + ["--threads", "1", "--checkpoint-seconds", "0", "--checkpoint-every", "1"]

    private func train(_ out: String) -> [String] {
        ["train", "--data", scratch.file("data"), "--out", scratch.file(out)] + Self.small
    }

    /// Runs `limbic` until it says `text` on standard error for the n-th time, and sends it a signal then; to its end
    /// without.
    private func run(
        _ arguments: [String], signal: (number: Int32, text: String, n: Int)? = nil
    ) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: ServiceConfiguration.make(URL(filePath: scratch.path)).workerExecutable)
        process.arguments = arguments
        let errors = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        var (text, isSent) = ("", false)
        while case let bytes = errors.fileHandleForReading.availableData, !bytes.isEmpty {
            text += String(decoding: bytes, as: UTF8.self)
            if let signal, !isSent, text.components(separatedBy: signal.text).count > signal.n {
                kill(process.processIdentifier, signal.number)
                isSent = true
            }
        }
        process.waitUntilExit()
        return (process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus, text)
    }

    private func limbic(_ arguments: String...) throws -> (status: Int32, errors: String) { try run(arguments) }

    /// The files of a model, times apart.
    private func model(_ out: String) throws -> (weights: String, training: JSONValue) {
        let path = scratch.file(out)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
                ModelDirectory.configurationName, ModelDirectory.weightsName,
            ])
        let text = try Data(contentsOf: URL(filePath: "\(path)/\(ModelDirectory.configurationName)"))
        var training = try JSONReader.decode(
            [String: JSONValue].self, from: JSONEncoder().encode(JSONReader.value(text)["training"]))
        training["seconds"] = nil
        return (try SHA256.digest(ofFile: "\(path)/\(ModelDirectory.weightsName)"), .object(training))
    }

    @Test func aTrainingGoesOnToTheSameModel() throws {
        #expect(try run(train("whole")).status == 0)
        let expected = try model("whole")
        for (number, n) in [(SIGKILL, 1), (SIGTERM, 2), (SIGINT, 1), (SIGKILL, 3)] {
            let name = "stopped-\(number)-\(n)"
            let first = try run(train(name), signal: (number, "valid: micro F1", n))
            #expect(first.status == (number == SIGKILL ? -SIGKILL : 130))
            if number != SIGKILL {
                #expect(first.errors.hasSuffix("the same command with --resume goes on\n"), "\(first.errors)")
            }
            // Nothing is thrown away without being asked for.
            let again = try run(train(name))
            #expect(again.status == 64 && again.errors.contains("--resume goes on with it"))
            let other = try run(train(name) + ["--resume", "--seed", "3"])
            #expect(other.status == 64 && other.errors.contains("the seed is 0 instead of 3"))
            // Once more in the middle, if it gets that far.
            _ = try run(train(name) + ["--resume"], signal: (SIGKILL, "valid: micro F1", 1))
            let last = try run(train(name) + ["--resume"])
            if last.status == 0 {
                #expect(last.errors.hasPrefix("going on after step "))
            } else {
                // It was complete before the signal came.
                #expect(last.status == 64 && last.errors.contains("is not empty"))
            }
            #expect(try model(name) == expected)
        }
    }

    @Test func withoutACheckpointATrainingBegins() throws {
        #expect(try run(train("whole")).status == 0)
        #expect(try run(train("new") + ["--resume"]).status == 0)
        #expect(try model("new") == model("whole"))
        // What a crash in the middle of the first checkpoint leaves.
        let folder = scratch.file("half/checkpoints")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(filePath: "\(folder)/checkpoint-1.safetensors.ab.partial"))
        #expect(try run(train("half") + ["--resume"]).status == 0)
        #expect(try model("half") == model("whole"))
    }

    @Test func forceBeginsAnew() throws {
        _ = try run(train("out"), signal: (SIGTERM, "valid: micro F1", 1))
        #expect(try run(train("out") + ["--force", "--seed", "3"]).status == 0)
        #expect(try run(train("whole") + ["--seed", "3"]).status == 0)
        #expect(try model("out") == model("whole"))
    }

    @Test func aStudyGoesOnInTheMiddleOfARun() throws {
        func study(_ out: String) -> [String] {
            [
                "ablate", "--data", scratch.file("data"), "--out", scratch.file(out), "--study", "training-curves",
                "--seeds", "1,2",
            ] + Self.small
        }
        func runs(_ out: String) throws -> [String: JSONValue] {
            let path = scratch.file("\(out)/runs")
            let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }
            var runs: [String: JSONValue] = [:]
            for file in files {
                var run = try JSONReader.decode(
                    [String: JSONValue].self, from: Data(contentsOf: URL(filePath: "\(path)/\(file)")))
                if case .object(var result) = run["result"] {
                    result["seconds"] = nil
                    run["result"] = .object(result)
                }
                runs[file] = .object(run)
            }
            return runs
        }
        #expect(try run(study("whole")).status == 0)
        // Each time one more run is finished, and the next one has begun.
        for number in [SIGTERM, SIGKILL] {
            let end = try run(study("stopped"), signal: (number, " kept ", 1))
            #expect(end.status == (number == SIGTERM ? 130 : -SIGKILL), "\(end.errors)")
        }
        let last = try run(study("stopped"))
        #expect(last.status == 0, "\(last.errors)")
        #expect(try runs("stopped") == runs("whole"))
        #expect(!FileManager.default.fileExists(atPath: scratch.file("stopped/checkpoints")))
        for name in ["results.md", "training-curves.svg"] {
            #expect(
                try String(contentsOfFile: scratch.file("whole/\(name)"), encoding: .utf8)
                    == String(contentsOfFile: scratch.file("stopped/\(name)"), encoding: .utf8))
        }
    }
}
