import Emotion
import Foundation
import JSON
import Platform

/// The directory of a study: a file for each run in `runs`, finished or diverged, the results, and in `checkpoints` the
/// state of a run that is under way.
///
/// A study that was stopped goes on with what is here. Files appear whole, as they are renamed when they are complete.
package struct StudyDirectory {
    package static let runsName = "runs"

    private static let checkpointsName = "checkpoints"

    private let path: String
    private let study: Study
    private let data: StudyData
    /// By name of cell and seed.
    private var outcomes: [String: [UInt64: StudyRun.Outcome]] = [:]

    /// Opens or makes the directory and reads the runs in it. Those of other cells or seeds are left alone.
    ///
    /// - Throws: ``StudyError`` when a run does not fit the study, and errors of the file system.
    package init(path: String, study: Study, data: StudyData) throws {
        self.path = path
        self.study = study
        self.data = data
        let runs = "\(path)/\(Self.runsName)"
        try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
        for file in try FileManager.default.contentsOfDirectory(atPath: runs).sorted() where file.hasSuffix(".json") {
            let text = try Data(contentsOf: URL(filePath: "\(runs)/\(file)"))
            let run: StudyRun
            do { run = try JSONReader.decode(StudyRun.self, from: text) } catch {
                throw StudyError.unreadable(file: file, reason: "\(error)")
            }
            if let difference = difference(of: run) { throw StudyError.otherSettings(file: file, difference) }
            outcomes[run.cell, default: [:]][run.outcome.seed] = run.outcome
        }
    }

    /// The runs that are yet to be made: all cells with the first seed, then with the next, so that whatever is there
    /// when a study is stopped can be compared.
    package func missing(seeds: [UInt64]) -> [(cell: Study.Cell, seed: UInt64)] {
        seeds.flatMap { seed in
            study.cells.filter { outcomes[$0.name]?[seed] == nil }.map { ($0, seed) }
        }
    }

    /// Where a run of the study in the directory at `path` is saved while it is under way.
    package static func checkpoints(in path: String, of cell: String, seed: UInt64) -> String {
        "\(path)/\(checkpointsName)/\(runName(cell, seed: seed))"
    }

    /// Makes the runs that are missing, each written as soon as it is there. Its checkpoints are removed then.
    ///
    /// - Parameter train: trains a cell with a seed; what it throws ends the study.
    package mutating func complete(
        seeds: [UInt64],
        train: (Study.Cell, UInt64) throws -> StudyRun.Outcome
    ) throws {
        for (cell, seed) in missing(seeds: seeds) {
            let outcome = try train(cell, seed)
            let run = StudyRun(
                cell: cell.name,
                settings: .init(study: study.name, data: data, hyperparameters: cell.hyperparameters),
                outcome: outcome
            )
            try write(Self.encoder.encode(run), to: "\(Self.runsName)/\(Self.runName(cell.name, seed: seed)).json")
            try CheckpointDirectory.remove(Self.checkpoints(in: path, of: cell.name, seed: seed))
            outcomes[cell.name, default: [:]][seed] = outcome
        }
    }

    /// What the study came to over all seeds that every cell was run with, one at least; also written as `results.md`,
    /// `results.json` and as a drawing, `<study>.svg`.
    package func finish() throws -> StudySummary {
        let cells = study.cells.map { outcomes[$0.name] ?? [:] }
        let seeds = cells[0].keys.filter { seed in cells.allSatisfy { $0[seed] != nil } }.sorted()
        let summary = StudySummary(
            study: study,
            data: data,
            outcomes: cells.map { outcomes in seeds.compactMap { outcomes[$0] } }
        )
        try write(Self.encoder.encode(summary), to: "results.json")
        try write(Data(summary.markdown.utf8), to: "results.md")
        try write(Data(summary.figure.utf8), to: "\(study.name).svg")
        // Left alone where it holds a run of another cell or seed.
        rmdir("\(path)/\(Self.checkpointsName)")
        return summary
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private func write(_ data: Data, to name: String) throws {
        try WholeFile.write(data, to: "\(path)/\(name)")
    }

    private static func runName(_ cell: String, seed: UInt64) -> String { "\(fileName(cell))-seed-\(seed)" }

    /// Distinct for distinct names, and without characters that mean something to a shell or a file system.
    private static func fileName(_ cell: String) -> String {
        var name = ""
        for byte in cell.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "+"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): name += "_"
            default: name += String(format: "%%%02X", Int(byte))
            }
        }
        return name
    }

    /// Why a run does not belong here, nil when it does.
    private func difference(of run: StudyRun) -> String? {
        if run.settings.study != study.name { return "is of the study \(run.settings.study), not \(study.name)" }
        if !run.settings.data.matches(data) {
            return "was run on other data: \(run.settings.data.name), or it has changed since"
        }
        guard let cell = study.cells.first(where: { $0.name == run.cell }) else { return nil }
        let fields = Hyperparameters.fields.filter {
            $0.read(run.settings.hyperparameters) != $0.read(cell.hyperparameters)
        }
        guard !fields.isEmpty else { return nil }
        return "cell \(cell.name) was run with other settings: "
            + fields.map {
                "\($0.name) \($0.read(run.settings.hyperparameters)) instead of \($0.read(cell.hyperparameters))"
            }.joined(separator: ", ")
    }
}
