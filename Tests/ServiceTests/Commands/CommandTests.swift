import Emotion
import Foundation
import JSON
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
        try runLimbic(arguments, environment: environment)
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

    @Test(arguments: [("LIMBIC_GEMM", "mkl", "limbic, openblas, onednn"), ("LIMBIC_THREADS", "many", "LIMBIC_THREADS")])
    func settingsOfTheEngineAreChecked(variable: String, value: String, part: String) throws {
        let (status, _, errors) = try limbic("bench", "gemm", "--steps", "1", environment: [variable: value])
        #expect(status == 64)
        #expect(errors.contains(variable) && errors.contains(part), "\(errors)")
    }

    /// A data set of 3 modalities and 6 labels and a model trained on it.
    private func trained(_ settings: String...) throws -> (data: String, model: String) {
        let (data, model) = (directory.appending(path: "data").path, directory.appending(path: "model").path)
        #expect(try limbic("dataset", "synthesize", "--out", data, "--clips", "40,16,16").status == 0)
        let small = ["d_model=8", "heads=2", "feed_forward=8", "unimodal_blocks=1", "multimodal_blocks=1", "epochs=1"]
        let arguments = (small + settings).flatMap { ["--set", $0] }
        let training = try runLimbic(
            ["train", "--data", data, "--out", model, "--quiet", "--threads", "1"] + arguments)
        #expect(training.status == 0, "\(training.errors)")
        return (data, model)
    }

    @Test func aClipThatCannotBeComputedIsAnErrorInItsPlace() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (_, model) = try trained()
        let modality = try #require(ModelDirectory.readConfiguration(model).modalities.first)
        func clip(_ value: String) -> String {
            let unit = Array(repeating: value, count: modality.featureSize).joined(separator: ",")
            return "{\"\(modality.name)\": [[\(unit)]]}"
        }
        let file = directory.appending(path: "clips.ndjson")
        try Data("\(clip("0.5"))\n\(clip("3e38"))\n[\(clip("1")), \(clip("3e38"))]\n".utf8).write(to: file)
        let result = try limbic("predict", "--model", model, "--data", file.path)
        #expect(result.status == 65)
        #expect(result.errors.contains("line 2: the features are too large to compute with (and 1 more)"))
        let answers = try result.output.split(separator: "\n").map { try JSONReader.value(Array($0.utf8)) }
        #expect(answers.count == 4 && !result.output.contains("[null"))
        #expect(answers[0]["error"] == .null && answers[2]["error"] == .null)
        #expect(answers[1]["error"]["code"].text == "not_computable" && answers[1]["error"]["pointer"].text == "")
        #expect(answers[1]["probabilities"] == .null)
        #expect(answers[3]["error"]["pointer"].text == "/1")
    }

    @Test func anEvaluationSaysHowItCounts() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (data, model) = try trained()
        let text = try limbic("evaluate", "--model", model, "--data", data + "/test.npz").output
        for words in [
            "selected by valid_micro_f1", "at 0.5", "tuned", "accuracy, an empty union counts 0",
            "accuracy, an empty union counts 1", "macro F1 (6 of 6 labels)", "prevalence of ",
        ] { #expect(text.contains(words), "\(words)\n\(text)") }
        let output = try limbic("evaluate", "--model", model, "--data", data + "/test.npz", "--json").output
        let report = try JSONReader.value(Array(output.utf8))
        #expect(report["selected_by"].text == "valid_micro_f1" && report["best_epoch"] == .integer(1))
        #expect(report["threshold_rule"].text == "fixed" && report["thresholds"].elements.count == 6)
        for metrics in [report["metrics"], report["by_threshold"]["0.5"], report["by_threshold"]["tuned"]] {
            #expect(metrics["accuracy"].double != nil && metrics["accuracy_empty_union_1"].double != nil)
            #expect(metrics["counting"]["prevalence"].elements.count == 6)
            #expect(metrics["counting"]["clips"] == .integer(16))
        }
        let tuned = try limbic(
            "evaluate", "--model", model, "--data", data + "/test.npz", "--json", "--threshold", "tuned"
        ).output
        let other = try JSONReader.value(Array(tuned.utf8))
        #expect(other["threshold_rule"].text == "tuned" && other["metrics"] == report["by_threshold"]["tuned"])
    }

    @Test func anEvaluationOfWhichNothingCanBeComputedFails() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (_, model) = try trained()
        let modality = try #require(ModelDirectory.readConfiguration(model).modalities.first)
        let unit = Array(repeating: "3e38", count: modality.featureSize).joined(separator: ",")
        let file = directory.appending(path: "large.ndjson")
        try Data("{\"\(modality.name)\": [[\(unit)]], \"labels\": [1, 0, 0, 0, 0, 0]}\n".utf8).write(to: file)
        let result = try limbic("evaluate", "--model", model, "--data", file.path)
        #expect(result.status == 65 && result.output.isEmpty)
        #expect(result.errors.contains("none of the 1 clips can be computed"))
    }

    @Test func weightsThatAreNotFiniteAreNotImported() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let (_, model) = try trained("classifier=shared", "layer_norm_epsilon=1e-5", "standardize=false")
        let file = directory.appending(path: "weights.safetensors")
        #expect(try limbic("model", "export", "--model", model, "--out", file.path).status == 0)
        var bytes = try Data(contentsOf: file)
        // The last element of the last tensor.
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0x80, 0x7F])
        try bytes.write(to: file)
        let out = directory.appending(path: "imported").path
        let result = try limbic("model", "import", file.path, "--out", out, "--heads", "2")
        #expect(result.status == 65)
        #expect(result.errors.contains("is inf, not a finite number"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: out))
    }
}
