import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `PUT /v1/datasets/{id}/splits/{split}`: a file goes to the disk as it comes, is checked there, and only then becomes part
/// of the data set. Of a file that is refused nothing stays.
struct SplitUpload: Sendable {
    let backend: Backend

    @Sendable func put(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        let name = request.parameters.require("split")
        guard let split = DatasetDirectory.Split(rawValue: name) else {
            throw Problem.notFound("split \(name); there are: train, valid, test")
        }
        // What can be refused is refused before gigabytes have come.
        let format = UploadFormat(request.fields)
        let expected = try ContentDigest(request.fields)
        guard let dataset = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        guard dataset.frozenAt == nil else { throw DatasetStoreError.frozen(id: id) }

        let file = try IncomingFile(in: backend.directory)
        for try await chunk in request.body.stream { try await file.append(chunk) }
        let (digest, byteCount) = try await file.finish()
        try expected?.check(digest)
        let report = try await inspect(file, format, for: split, of: dataset)
        return try await keep(file, split, report: report, digest: digest, byteCount: byteCount, in: id)
    }

    /// Throws a ``Problem`` that names rows, fields and reasons.
    private func inspect(
        _ file: IncomingFile,
        _ format: UploadFormat,
        for split: DatasetDirectory.Split,
        of dataset: DatasetRecord
    ) async throws -> SplitReport {
        let schema = try DatasetSchema(dataset, excluding: split.rawValue)
        return try await backend.inspection.run {
            try format.check(file.url)
            var options = SplitOptions()
            options.modalities = schema.modalities
            options.labels = schema.labels
            options.maximumBytes = backend.configuration.maxUploadSize
            let report = SplitReader.inspect(path: file.url.path, options: options)
            guard report.problemCount == 0 else {
                throw Problem.invalidSplit(report.problems, count: report.problemCount)
            }
            return report
        }
    }

    /// Gives the file its place and records it.
    private func keep(
        _ file: IncomingFile,
        _ split: DatasetDirectory.Split,
        report: SplitReport,
        digest: String,
        byteCount: Int64,
        in id: String
    ) async throws -> Response {
        let directory = backend.directory
        // A name of its own, because a file in use under a recorded name never changes.
        let path = "datasets/\(id)/\(split.rawValue)-\(UUID().uuidString)"
        let record = SplitRecord(
            name: split.rawValue,
            digest: digest,
            byteCount: byteCount,
            path: path,
            document: try JSONEncoder().encode(report)
        )
        try await backend.inspection.run { try directory.move(file.url, to: directory.url(path)) }
        do {
            let (dataset, replaced) = try await backend.datasets.put(record, in: id) { dataset in
                // Another split may have come while this one was on its way.
                let problems = try DatasetSchema(dataset, excluding: split.rawValue).disagreements(with: report)
                guard problems.isEmpty else { throw Problem.invalidSplit(problems, count: problems.count) }
                return dataset.document
            }
            if let replaced {
                try await backend.inspection.run { directory.remove(directory.url(replaced.path)) }
            }
            return try .encoding(DatasetView(dataset), status: replaced == nil ? .created : .ok)
        } catch {
            directory.remove(directory.url(path))
            throw error
        }
    }
}
