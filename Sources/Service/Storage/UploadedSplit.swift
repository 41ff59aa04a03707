import Emotion
import Foundation
import Jobs
import Platform

/// A split that has come whole and is checked and given its place in a data set.
struct UploadedSplit: Sendable {
    let backend: Backend
    let file: IncomingFile
    /// What is to be recorded, all but its document.
    let record: SplitRecord

    /// Another split came or went between looking and recording.
    private struct Outdated: Error {}

    /// Throws a ``Problem`` that names rows, fields and reasons.
    ///
    /// - Parameter replaceNonfinite: whether features that are not finite are read as 0; nil as the data set says.
    func inspect(
        _ format: UploadFormat,
        replaceNonfinite: Bool?,
        for dataset: DatasetRecord
    ) async throws -> SplitReader.Inspection {
        let schema = try DatasetSchema(dataset, excluding: record.name)
        let options = schema.options(replaceNonfinite: replaceNonfinite, in: backend.configuration)
        let url = file.url
        return try await backend.inspection.run {
            try format.check(SplitFormat(path: url.path))
            let inspection = SplitReader.examine(path: url.path, options: options)
            guard inspection.report.problemCount == 0 else {
                throw Problem.invalidSplit(inspection.report.problems, count: inspection.report.problemCount)
            }
            return inspection
        }
    }

    /// Moves the file to its place and records it there.
    ///
    /// - Returns: the data set as it now is, and the split that was replaced, whose files can go.
    func keep(
        _ inspection: SplitReader.Inspection,
        in id: String
    ) async throws -> (dataset: DatasetRecord, replaced: SplitRecord?) {
        try await backend.files.move(file.path, to: record.path)
        try await backend.files.run { [record] directory in
            try WholeFile.write(inspection.fingerprints.data, to: directory.path(record.fingerprintsPath))
        }
        return try await put(inspection, in: id)
    }

    /// Records the split, compared with the splits that are there at that moment.
    private func put(
        _ inspection: SplitReader.Inspection,
        in id: String
    ) async throws -> (dataset: DatasetRecord, replaced: SplitRecord?) {
        while true {
            guard let dataset = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
            let others = dataset.splits.filter { $0.name != record.name }
            let overlaps = try await overlaps(inspection.fingerprints, with: others)
            var compared = record
            compared.document = try JSONEncoder().encode(SplitDocument(report: inspection.report, overlaps: overlaps))
            do {
                return try await backend.datasets.put(compared, in: id) { [record] dataset in
                    let current = dataset.splits.filter { $0.name != record.name }
                    guard current.map(\.path) == others.map(\.path) else { throw Outdated() }
                    let schema = try DatasetSchema(dataset, excluding: record.name)
                    let problems = schema.disagreements(with: inspection.report)
                    guard problems.isEmpty else { throw Problem.invalidSplit(problems, count: problems.count) }
                    return dataset.document
                }
            } catch is Outdated {
                continue
            }
        }
    }

    private func overlaps(
        _ fingerprints: SplitFingerprints,
        with others: [SplitRecord]
    ) async throws -> [SplitDocument.Overlap] {
        try await backend.files.run { directory in
            others.compactMap { other in
                // Splits of an older server have none, and are not compared.
                guard let data = try? Data(contentsOf: directory.url(other.fingerprintsPath)),
                    let theirs = SplitFingerprints(data)
                else { return nil }
                let warnings = fingerprints.overlap(with: theirs, named: other.name)
                return SplitDocument.Overlap(split: other.name, digest: other.digest, warnings: warnings)
            }
        }
    }
}
