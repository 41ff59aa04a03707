import Emotion
import Foundation
import Jobs
import Platform

/// A split that has come whole and is checked and given its place in a data set.
struct UploadedSplit: Sendable {
    let backend: Backend
    let file: IncomingFile
    /// Paths of `DataLayout.packing` for this upload.
    let packing: [String]
    /// What is to be recorded, all but its document.
    let record: SplitRecord

    /// What packing found, and the digest over the content of the packed file.
    struct Packed: Sendable {
        let inspection: SplitReader.Inspection
        let contentDigest: String?
    }

    /// Another split came or went between looking and recording.
    private struct Outdated: Error {}

    /// Checks the clips and packs them into a file of their own in the same go. The file is at the first path of
    /// `DataLayout.packing`, which is on record as pending like the other.
    ///
    /// Throws a ``Problem`` that names rows, fields and reasons, and `CancellationError` soon after the request was given up.
    ///
    /// - Parameter replaceNonfinite: whether features that are not finite are read as 0; nil as the data set says.
    func pack(
        _ format: UploadFormat,
        replaceNonfinite: Bool?,
        for dataset: DatasetRecord
    ) async throws -> Packed {
        let schema = try DatasetSchema(dataset, excluding: record.name)
        let options = schema.options(replaceNonfinite: replaceNonfinite, in: backend.configuration)
        let path = file.url.path
        let paths = packing.map(backend.directory.path)
        let given = StopFlag()
        return try await withTaskCancellationHandler {
            try await backend.inspection.run {
                try format.check(SplitFormat(path: path))
                let writer = try PackedSplitWriter(
                    path: paths[0], scratchPath: paths[1], isCancelled: { given.isRaised })
                let inspection = try SplitReader.pack(path: path, into: writer, options: options)
                guard inspection.report.problemCount == 0 else {
                    throw Problem.invalidSplit(inspection.report.problems, count: inspection.report.problemCount)
                }
                return Packed(inspection: inspection, contentDigest: writer.contentDigest)
            }
        } onCancel: {
            given.raise()
        }
    }

    /// Moves the packed file to its place and records it there.
    ///
    /// - Returns: the data set as it now is, and the split that was replaced, whose files can go.
    func keep(_ packed: Packed, in id: String) async throws -> (dataset: DatasetRecord, replaced: SplitRecord?) {
        try await backend.files.move(packing[0], to: record.path)
        try await backend.files.run { [record] directory in
            try WholeFile.write(packed.inspection.fingerprints.data, to: directory.path(record.fingerprintsPath))
        }
        return try await put(packed, in: id)
    }

    /// Records the split, compared with the splits that are there at that moment.
    private func put(
        _ packed: Packed,
        in id: String
    ) async throws -> (dataset: DatasetRecord, replaced: SplitRecord?) {
        let inspection = packed.inspection
        while true {
            guard let dataset = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
            let others = dataset.splits.filter { $0.name != record.name }
            let overlaps = try await overlaps(inspection.fingerprints, with: others)
            var compared = record
            compared.document = try JSONEncoder().encode(
                SplitDocument(report: inspection.report, overlaps: overlaps, contentDigest: packed.contentDigest))
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
