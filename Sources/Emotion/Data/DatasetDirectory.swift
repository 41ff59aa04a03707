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
        for split in Split.allCases {
            files[split] = ["npz", "ndjson"].map { "\(path)/\(split.rawValue).\($0)" }
                .first(where: FileManager.default.fileExists(atPath:))
        }
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
        }
        guard let first else {
            throw DatasetError(file: directory, field: "train", reason: "there is no train.npz, valid.npz or test.npz")
        }
        self.path = path
        self.files = files
        name = description?.name ?? directory
        splits = Split.allCases.filter { files[$0] != nil }
        modalities = first.signature.modalities
        labels = options.labels ?? (0..<(first.signature.labelCount ?? 0)).map { "label_\($0)" }
        options.modalities = modalities
        options.labels = labels.isEmpty ? nil : labels
        self.options = options
    }

    /// Reads a split into memory.
    package func read(_ split: Split) throws(DatasetError) -> (clips: Clips, report: SplitReport) {
        try SplitReader.read(path: file(of: split), options: options)
    }

    /// Checks a split without keeping it in memory.
    package func inspect(_ split: Split) throws(DatasetError) -> SplitReport {
        SplitReader.inspect(path: try file(of: split), options: options)
    }

    private func file(of split: Split) throws(DatasetError) -> String {
        guard let file = files[split] else {
            throw DatasetError(file: name, field: split.rawValue, reason: "the data set has no such split")
        }
        return file
    }

    private static func description(_ path: String) throws(DatasetError) -> Description? {
        let file = "meta.json"
        guard let data = FileManager.default.contents(atPath: "\(path)/\(file)") else { return nil }
        guard let description = try? JSONReader.decode(Description.self, from: data) else {
            throw DatasetError(file: file, field: "file", reason: "must be an object, with text as name and labels")
        }
        if let labels = description.labels {
            guard !labels.isEmpty, Set(labels).count == labels.count, !labels.contains("") else {
                throw DatasetError(file: file, field: "labels", reason: "must be distinct names, at least one")
            }
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
