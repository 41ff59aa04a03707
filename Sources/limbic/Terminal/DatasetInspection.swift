import Emotion
import Foundation

/// What `limbic dataset inspect` found.
struct DatasetInspection: Encodable {
    struct Split: Encodable {
        /// `train`, `valid`, `test`, or the name of the file.
        let name: String
        let report: SplitReport
    }

    let name: String
    /// Names of labels; empty when there are none.
    var labels: [String] = []
    var splits: [Split] = []
    /// Why the splits do not make a data set together.
    var fault: DatasetError?

    private enum CodingKeys: String, CodingKey {
        case name, labels, splits, problems, usable
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(labels, forKey: .labels)
        try container.encode(splits, forKey: .splits)
        try container.encode(fault?.problems ?? [], forKey: .problems)
        try container.encode(error == nil, forKey: .usable)
    }

    /// The first thing that is wrong; nil when the data set can be used.
    var error: DatasetError? {
        if let fault { return fault }
        guard let split = splits.first(where: { $0.report.problemCount > 0 }) else { return nil }
        return DatasetError(
            file: split.name,
            problems: split.report.problems,
            problemCount: split.report.problemCount
        )
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String {
        var text = name + "\n"
        if let fault { text += "problem: \(fault)\n" }
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
        for problem in report.problems {
            text += "  problem: \(problem.row.map { "clip \($0), " } ?? "")\(problem.field): \(problem.reason)\n"
        }
        if report.problemCount > report.problems.count {
            text += "  and \(report.problemCount - report.problems.count) problems more\n"
        }
        return text
    }
}
