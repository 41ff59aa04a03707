import Foundation
import TestSupport
import Testing

@testable import Emotion
@testable import Studies

@Suite("Study directory")
struct StudyDirectoryTests {
    private struct Stopped: Error {}

    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// Completes a study with made-up results and tells which runs were made.
    ///
    /// - Parameter diverged: runs that end without a result.
    private func complete(
        _ study: Study, seeds: [UInt64], data: StudyData = .make(), stopAfter limit: Int = .max,
        diverged: Set<String> = []
    ) throws -> [String] {
        var runs: [String] = []
        var directory = try StudyDirectory(path: scratch.path, study: study, data: data)
        do {
            try directory.complete(seeds: seeds) { cell, seed in
                if runs.count == limit { throw Stopped() }
                let run = "\(cell.name) \(seed)"
                runs.append(run)
                return try .make(seed: seed, microF1: diverged.contains(run) ? nil : 0.5)
            }
            _ = try directory.finish()
        } catch is Stopped {}
        return runs
    }

    @Test("a stopped study goes on with the runs that are missing")
    func resumes() throws {
        let study = try Study.make()
        #expect(
            try complete(study, seeds: [1, 2], stopAfter: 3) == ["full 1", "no masks | at all 1", "full 2"])
        #expect(!FileManager.default.fileExists(atPath: scratch.file("results.md")))
        #expect(try complete(study, seeds: [1, 2]) == ["no masks | at all 2"])
        #expect(FileManager.default.fileExists(atPath: scratch.file("results.md")))
        #expect(try complete(study, seeds: [1, 2]).isEmpty)
        #expect(try complete(study, seeds: [2, 7]) == ["full 7", "no masks | at all 7"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.file("runs")).sorted() == [
                "full-seed-1.json", "full-seed-2.json", "full-seed-7.json", "no_masks_%7C_at_all-seed-1.json",
                "no_masks_%7C_at_all-seed-2.json", "no_masks_%7C_at_all-seed-7.json",
            ])
    }

    private func results() throws -> [String: Any] {
        let data = try Data(contentsOf: URL(filePath: scratch.file("results.json")))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("a run that diverges is kept and the others go on")
    func diverged() throws {
        let study = try Study.make()
        #expect(
            try complete(study, seeds: [1, 2], diverged: ["full 1"]) == [
                "full 1", "no masks | at all 1", "full 2", "no masks | at all 2",
            ])
        #expect(try complete(study, seeds: [1, 2]).isEmpty)
        let cells = try #require(try results()["cells"] as? [[String: Any]])
        #expect(cells.map { ($0["diverged"] as? [[String: Int]])?.map { $0["seed"] } } == [[1], []])
        #expect(cells.map { ($0["runs"] as? [Any])?.count } == [1, 2])
    }

    @Test("the results are over all seeds that every cell was run with")
    func seeds() throws {
        let study = try Study.make()
        _ = try complete(study, seeds: [1, 2])
        _ = try complete(study, seeds: [7, 5], stopAfter: 3)
        #expect(try complete(study, seeds: [2]).isEmpty)
        #expect(try results()["seeds"] as? [Int] == [1, 2, 7])
        _ = try complete(study, seeds: [5])
        #expect(try results()["seeds"] as? [Int] == [1, 2, 5, 7])
    }

    @Test("data under another name is the same data")
    func renamed() throws {
        let study = try Study.make()
        _ = try complete(study, seeds: [1])
        #expect(try complete(study, seeds: [1], data: .make(name: ".")).isEmpty)
    }

    @Test("a cell with other settings is refused, and a new cell is added")
    func changedSettings() throws {
        _ = try complete(try Study.make(), seeds: [1])
        let more = try Study.make(#"[{"name": "full", "hyperparameters": {}}, {"name": "x", "hyperparameters": {}}]"#)
        #expect(try complete(more, seeds: [1]) == ["x 1"])
        let other = try Study.make(#"[{"name": "full", "hyperparameters": {"alpha": 0.5}}]"#)
        let error = #expect(throws: StudyError.self) { try complete(other, seeds: [1]) }
        #expect(
            error?.description == "full-seed-1.json: cell full was run with other settings: alpha 0.1 instead of 0.5; "
                + "take another directory for --out")
    }

    @Test("other data and other studies are refused")
    func otherStudy() throws {
        let study = try Study.make()
        _ = try complete(study, seeds: [1])
        #expect(throws: StudyError.self) { try complete(study, seeds: [1], data: .make(fingerprint: "0")) }
        let published = try Study(.maskRatio, modalities: ["text"], base: study.base)
        #expect(throws: StudyError.self) { try complete(published, seeds: [1]) }
    }

    @Test("a run that cannot be read is named")
    func unreadable() throws {
        let study = try Study.make()
        _ = try complete(study, seeds: [1])
        _ = try scratch.write("runs/full-seed-1.json", "{}".utf8)
        let error = #expect(throws: StudyError.self) { try complete(study, seeds: [1]) }
        #expect(error == .unreadable(file: "full-seed-1.json", reason: "/cell: is missing"))
    }

    /// A data set of four clips in each split.
    private func dataset() throws -> DatasetDirectory {
        for split in DatasetDirectory.Split.allCases {
            let lines = (0..<4).map { clip in
                #"{"text": [[\#(clip), 1, 2, 3, 4]], "audio": [[1, \#(clip), 3]], "labels": [1, 0, \#(clip % 2)]}"#
            }
            _ = try scratch.write("\(split.rawValue).ndjson", lines.joined(separator: "\n").utf8)
        }
        return try DatasetDirectory(path: scratch.path)
    }

    @Test("a training that diverges is an outcome of its cell")
    func divergedTraining() throws {
        let base = ModelConfiguration.make {
            ($0.learningRate, $0.weightDecay, $0.warmupSteps) = (10, 10, 0)
            ($0.epochs, $0.batchSize) = (100, 1)
        }.hyperparameters
        let study = try Study(.trainingCurves, modalities: ["text", "audio"], base: base)
        let training = try StudyTraining(try dataset())
        guard case .diverged(let breakdown) = try training.run(study.cells[3], of: study, seed: 3, observe: { _ in })
        else { return #expect(Bool(false), "the training ended") }
        #expect(breakdown.seed == 3)
        #expect((1...400).contains(breakdown.step))
    }

    @Test("a cell is trained and measured, with a number for every epoch")
    func trains() throws {
        let base = ModelConfiguration.make { $0.epochs = 2 }.hyperparameters
        let study = try Study(.trainingCurves, modalities: ["text", "audio"], base: base)
        let training = try StudyTraining(try dataset())
        #expect(training.data.test == 4)
        guard case .finished(let result) = try training.run(study.cells[3], of: study, seed: 3, observe: { _ in })
        else { return #expect(Bool(false), "the training diverged") }
        #expect(result.seed == 3)
        #expect(result.epochs.count == 2)
        #expect(result.epochs.allSatisfy { $0.loss > 0 && $0.trainingMicroF1 != nil })
        #expect(result.validation.microF1 == result.epochs[result.bestEpoch - 1].validationMicroF1)
        // The splits are alike.
        #expect(result.test == result.validation)
        #expect(result.epochs.map(\.trainingMicroF1) == result.epochs.map(\.validationMicroF1))
    }

    @Test("a run that is stopped after every step goes on to the same result")
    func resumesARun() throws {
        let base = ModelConfiguration.make { ($0.epochs, $0.batchSize) = (2, 2) }.hyperparameters
        let study = try Study(.trainingCurves, modalities: ["text", "audio"], base: base)
        let training = try StudyTraining(try dataset())
        let path = StudyDirectory.checkpoints(in: scratch.path, of: study.cells[3].name, seed: 3)
        #expect(path.hasSuffix("/checkpoints/ATM_and_APP-seed-3"))
        guard case .finished(let expected) = try training.run(study.cells[3], of: study, seed: 3, observe: { _ in })
        else { return #expect(Bool(false), "the training diverged") }
        var steps: [Int] = []
        var result: StudyRun.Result?
        while result == nil, steps.count < 10 {
            var step: Int?
            let checkpoints = StudyTraining.Checkpoints(path: path, policy: .init()) {
                step == nil ? nil : Stopped()
            } warn: {
                Issue.record("\($0)")
            }
            do {
                let outcome = try training.run(study.cells[3], of: study, seed: 3, checkpoints: checkpoints) { event in
                    if case .step(let made) = event { step = made.step }
                }
                if case .finished(let finished) = outcome { result = finished }
            } catch is Stopped {}
            if let step { steps.append(step) }
        }
        #expect(steps == [1, 2, 3, 4])
        #expect(result?.epochs == expected.epochs && result?.bestEpoch == expected.bestEpoch)
        #expect(result?.validation == expected.validation && result?.test == expected.test)

        // Other settings of the same cell are another training.
        let other = try Study(
            .trainingCurves, modalities: ["text", "audio"],
            base: ModelConfiguration.make { ($0.epochs, $0.batchSize) = (3, 2) }.hyperparameters)
        let checkpoints = StudyTraining.Checkpoints(path: path, policy: .init(), stop: { nil }, warn: { _ in })
        #expect(throws: TrainingStateError.self) {
            try training.run(other.cells[3], of: other, seed: 3, checkpoints: checkpoints) { _ in }
        }
        var directory = try StudyDirectory(path: scratch.path, study: study, data: training.data)
        try directory.complete(seeds: [3]) { _, seed in try .make(seed: seed, microF1: 0.5) }
        _ = try directory.finish()
        #expect(!FileManager.default.fileExists(atPath: scratch.file("checkpoints")))
    }
}
