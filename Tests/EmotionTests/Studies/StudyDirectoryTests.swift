import Foundation
import Testing

@testable import Emotion

@Suite("Study directory")
struct StudyDirectoryTests {
    private struct Stopped: Error {}

    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// Completes a study with made-up results and tells which runs were made.
    private func complete(
        _ study: Study, seeds: [UInt64], data: StudyData = .make(), stopAfter limit: Int = .max
    ) throws -> [String] {
        var runs: [String] = []
        var directory = try StudyDirectory(path: scratch.path, study: study, data: data)
        do {
            try directory.complete(seeds: seeds) { cell, seed in
                if runs.count == limit { throw Stopped() }
                runs.append("\(cell.name) \(seed)")
                return try .make(seed: seed)
            }
            _ = try directory.finish(seeds: seeds)
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
        #expect(error == .unreadable(file: "full-seed-1.json", reason: "is missing"))
    }

    @Test("a cell is trained and measured, with a number for every epoch")
    func trains() throws {
        let configuration = ModelConfiguration.make { $0.epochs = 2 }
        for split in DatasetDirectory.Split.allCases {
            let lines = (0..<4).map { clip in
                #"{"text": [[\#(clip), 1, 2, 3, 4]], "audio": [[1, \#(clip), 3]], "labels": [1, 0, \#(clip % 2)]}"#
            }
            _ = try scratch.write("\(split.rawValue).ndjson", lines.joined(separator: "\n").utf8)
        }
        let study = try Study(.trainingCurves, modalities: ["text", "audio"], base: configuration.hyperparameters)
        let training = try StudyTraining(try DatasetDirectory(path: scratch.path))
        #expect(training.data.test == 4)
        let result = try training.run(study.cells[3], of: study, seed: 3) { _ in }
        #expect(result.seed == 3)
        #expect(result.epochs.count == 2)
        #expect(result.epochs.allSatisfy { $0.loss > 0 && $0.trainingMicroF1 != nil })
        #expect(result.validation.microF1 == result.epochs[result.bestEpoch - 1].validationMicroF1)
        // The splits are alike.
        #expect(result.test == result.validation)
        #expect(result.epochs.map(\.trainingMicroF1) == result.epochs.map(\.validationMicroF1))
    }
}
