import Emotion
import Foundation

/// What `limbic dataset inspect` found.
struct DatasetInspection: Encodable {
    struct Split: Encodable {
        /// `train`, `valid`, `test`, or the name of the file.
        let name: String
        var report: SplitReport
    }

    let name: String
    /// Names of labels; empty when there are none.
    var labels: [String] = []
    private(set) var splits: [Split] = []
    private var fingerprints: [SplitFingerprints] = []
    /// Why the splits do not make a data set together.
    var fault: DatasetError?
    /// What a training lacks.
    var problems: [SplitProblem] = []

    init(name: String, labels: [String] = []) {
        self.name = name
        self.labels = labels
    }

    /// Adds a split, which is compared with those before it.
    mutating func add(_ name: String, _ inspection: SplitReader.Inspection) {
        var split = Split(name: name, report: inspection.report)
        for (other, theirs) in zip(splits, fingerprints) {
            split.report.warnings += inspection.fingerprints.overlap(with: theirs, named: other.name)
        }
        splits.append(split)
        fingerprints.append(inspection.fingerprints)
    }

    private enum CodingKeys: String, CodingKey {
        case name, labels, splits, problems, usable
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(labels, forKey: .labels)
        try container.encode(splits, forKey: .splits)
        try container.encode((fault?.problems ?? []) + problems, forKey: .problems)
        try container.encode(error == nil, forKey: .usable)
    }

    /// The first thing that is wrong; nil when the data set can be used.
    var error: DatasetError? {
        if let fault { return fault }
        if let split = splits.first(where: { $0.report.problemCount > 0 }) {
            let report = split.report
            return DatasetError(file: split.name, problems: report.problems, problemCount: report.problemCount)
        }
        return problems.isEmpty ? nil : DatasetError(file: name, problems: problems)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String {
        var text = name + "\n"
        if let fault { text += "problem: \(fault)\n" }
        for problem in problems { text += "problem: \(problem.description)\n" }
        for split in splits { text += "\n" + describe(split) }
        return text
    }

    private func describe(_ split: Split) -> String {
        let report = split.report
        var text = "\(split.name): \(report.clips) clips\n"
        if !report.modalities.isEmpty {
            var table = TextTable()
            table.add(["  modality", "shape", "shortest", "median", "longest", "missing"])
            for modality in report.modalities {
                table.add([
                    "  " + modality.name,
                    modality.shape.map(String.init).joined(separator: "×"),
                    String(modality.minimumLength),
                    Readable.decimal(modality.medianLength, 1),
                    String(modality.maximumLength),
                    Readable.decimal(modality.missingRate * 100, 1) + " %",
                ])
            }
            text += table.text
        }
        if !report.labelCounts.isEmpty {
            let counts = report.labelCounts.enumerated().map { index, count in
                "\(index < labels.count ? labels[index] : "label_\(index)") \(count)"
            }
            text += "  labels: \(counts.joined(separator: ", ")); clips without any: \(report.unlabelledClips)\n"
        }
        for problem in report.problems { text += "  problem: \(problem.description)\n" }
        let told = report.problems.contains { $0.count != nil } ? report.problemCount : report.problems.count
        if report.problemCount > told { text += "  and \(report.problemCount - told) problems more\n" }
        for warning in report.warnings {
            let examples =
                warning.examples.joined(separator: ", ") + (warning.count > warning.examples.count ? ", …" : "")
            text += "  warning: \(warning.detail) [\(warning.code.rawValue): \(examples)]\n"
        }
        return text
    }
}
