import Foundation
import JSON

/// A directory with the splits of a data set: `train`, `valid` and `test`, each as `.npz` or `.ndjson`, and perhaps `meta.json`.
///
/// Opening reads what each split holds (for npz its headers only) and checks that they agree; features are read split by split.
package struct DatasetDirectory: Sendable {
    /// The name of a part of a data set.
    package enum Split: String, Sendable, Codable, CaseIterable {
        case train, valid, test
    }

    /// What meta.json may say; other members are left alone.
    private struct Description: Decodable {
        let name: String?
        let labels: [String]?
    }

    package let path: String
    /// `name` of meta.json, else the directory's.
    package let name: String
    /// `labels` of meta.json, else label_0, label_1, …
    package let labels: [String]
    /// Sorted by name.
    package let modalities: [Modality]
    /// The splits that are there, in the order train, valid, test.
    package let splits: [Split]
    private let files: [Split: String]
    private let options: SplitOptions

    /// - Throws: ``DatasetError`` when a file cannot be read or the splits differ in modalities, feature sizes or labels.
    package init(path: String, options: SplitOptions = SplitOptions()) throws(DatasetError) {
        let directory = (path as NSString).lastPathComponent
        let description = try Self.description(path)
        var files: [Split: String] = [:]
        for split in Split.allCases { files[split] = try Self.file(of: split, in: path) }
        var options = options
        options.labels = description?.labels ?? options.labels
        var first: (file: String, signature: SplitReader.Signature)?
        for split in Split.allCases {
            guard let file = files[split] else { continue }
            let name = (file as NSString).lastPathComponent
            let signature = try SplitReader.signature(path: file, options: options)
            if let first {
                try Self.compare(signature, with: first.signature, file: name, other: first.file)
            } else {
                first = (name, signature)
            }
            // Names in one split hold for all.
            options.labels = options.labels ?? signature.labelNames
        }
        guard let first else {
            throw DatasetError(file: directory, field: "train", reason: "there is no train.npz, valid.npz or test.npz")
        }
        self.path = path
        self.files = files
        name = description?.name ?? directory
        splits = Split.allCases.filter { files[$0] != nil }
        modalities = first.signature.modalities
        labels = options.labels ?? SplitOptions.labels(nil, count: first.signature.labelCount ?? 0)
        options.modalities = modalities
        options.labels = labels.isEmpty ? nil : labels
        self.options = options
    }

    /// The endings of files that may hold a split.
    private static let endings = ["npz", "ndjson", "jsonl"]

    /// The file of a split, nil when there is none.
    private static func file(of split: Split, in path: String) throws(DatasetError) -> String? {
        let names = endings.map { "\(split.rawValue).\($0)" }
            .filter { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
        guard names.count < 2 else {
            throw DatasetError(
                file: names[1], field: split.rawValue, reason: "there is also \(names[0]); one has to go")
        }
        return names.first.map { "\(path)/\($0)" }
    }

    /// The file of each split that is there, whatever it holds.
    package static func files(in path: String) -> [(split: Split, path: String)] {
        Split.allCases.flatMap { split in
            endings.map { (split, "\(path)/\(split.rawValue).\($0)") }
                .filter { FileManager.default.fileExists(atPath: $0.1) }
        }
    }

    /// What keeps a training from starting though every split that is there can be used: the splits it needs and that are not
    /// there.
    package var missing: [SplitProblem] {
        [Split.train, .valid].filter { files[$0] == nil }.map { split in
            let others = ["val", "dev", "validation"].flatMap { name in Self.endings.map { "\(name).\($0)" } }
                .filter { split == .valid && FileManager.default.fileExists(atPath: "\(path)/\($0)") }
            let hint = others.first.map { "; is it \($0)? Its name must begin with valid" } ?? ""
            return SplitProblem(field: split.rawValue, reason: "the data set has no such split\(hint)")
        }
    }

    /// Reads a split into memory.
    package func read(_ split: Split) throws -> (clips: Clips, report: SplitReport) {
        try SplitReader.read(path: file(of: split), options: options)
    }

    /// Checks a split without keeping it in memory.
    package func inspect(_ split: Split) throws(DatasetError) -> SplitReport {
        try examine(split).report
    }

    /// The same, with what is needed to find its clips again in other splits.
    package func examine(_ split: Split) throws(DatasetError) -> SplitReader.Inspection {
        SplitReader.examine(path: try file(of: split), options: options)
    }

    private func file(of split: Split) throws(DatasetError) -> String {
        guard let file = files[split] else {
            throw DatasetError(file: name, field: split.rawValue, reason: "the data set has no such split")
        }
        return file
    }

    private static func description(_ path: String) throws(DatasetError) -> Description? {
        let file = "meta.json"
        guard var data = FileManager.default.contents(atPath: "\(path)/\(file)") else { return nil }
        if data.starts(with: SplitFormat.byteOrderMark) { data = Data(data.dropFirst(SplitFormat.byteOrderMark.count)) }
        let description: Description
        do {
            description = try JSONReader.decode(Description.self, from: data)
        } catch let error as JSONError {
            let field = error.pointer.isEmpty ? "file" : String(error.pointer.dropFirst())
            let place = error.position.map { "line \($0.line), column \($0.column): " } ?? ""
            let reason = "must be an object of JSON with text as name and labels: \(place)\(error.reason)"
            throw DatasetError(file: file, field: field, reason: reason)
        } catch {
            throw DatasetError(file: file, field: "file", reason: "cannot be read")
        }
        if let labels = description.labels, let fault = SplitOptions.fault(inLabels: labels) {
            throw DatasetError(file: file, field: "labels", reason: fault)
        }
        return description
    }

    private static func compare(
        _ signature: SplitReader.Signature,
        with first: SplitReader.Signature,
        file: String,
        other: String
    ) throws(DatasetError) {
        let own = Set(signature.modalities)
        if let modality = Set(first.modalities).symmetricDifference(own).min(by: { $0.name < $1.name }) {
            func describe(_ signature: SplitReader.Signature) -> String {
                signature.modalities.first { $0.name == modality.name }.map { "\($0.featureSize) features" } ?? "absent"
            }
            let reason = "\(describe(signature)), in \(other) \(describe(first))"
            throw DatasetError(file: file, field: modality.name, reason: reason)
        }
        guard signature.labelCount == first.labelCount else {
            let counts = [signature.labelCount, first.labelCount].map { $0.map(String.init) ?? "no" }
            throw DatasetError(file: file, field: "labels", reason: "\(counts[0]) labels, in \(other) \(counts[1])")
        }
    }
}
