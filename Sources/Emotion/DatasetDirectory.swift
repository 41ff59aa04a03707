/// A directory with the splits of a data set: `train.npz`, `valid.npz`, `test.npz` and perhaps `meta.json`.
package struct DatasetDirectory: Sendable {
    /// The name of a part of a data set.
    package enum Split: String, Sendable, Codable, CaseIterable {
        case train, valid, test
    }

    package let path: String
    /// `name` of meta.json, else the directory's.
    package let name: String
    /// `labels` of meta.json, else label_0, label_1, …
    package let labels: [String]
    /// Sorted by name.
    package let modalities: [Modality]
    /// The splits that are there.
    package let splits: [Split]

    package init(path: String, options: SplitOptions = SplitOptions()) throws(DatasetError) {
        throw DatasetError(file: path, field: "file", reason: "is not read yet")
    }

    package func read(_ split: Split) throws(DatasetError) -> (clips: Clips, report: SplitReport) {
        throw DatasetError(file: path, field: "file", reason: "is not read yet")
    }
}
