import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs

/// `PUT /v1/datasets/{id}/splits/{split}`: a file goes to the disk as it comes, is checked there, and only then becomes part
/// of the data set. Of a file that is refused nothing stays.
struct SplitUpload: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(
            .put,
            "/v1/datasets/{id}/splits/{split}",
            body: .streamed(limit: backend.configuration.maxUploadSize),
            handler: put
        )
    }

    @Sendable private func put(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        let name = request.parameters.require("split")
        guard let split = DatasetDirectory.Split(rawValue: name) else {
            throw Problem.notFound("split \(name); there are: train, valid, test")
        }
        // What can be refused is refused before gigabytes have come.
        let format = try UploadFormat(request.fields)
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

extension Problem {
    /// A split that cannot be used, with the first of its problems.
    static func invalidSplit(_ problems: [SplitProblem], count: Int) -> Problem {
        let errors = problems.map { problem in
            let place = problem.row.map { "clip \($0), \(problem.field)" } ?? problem.field
            let base = problem.row.map { "/clips/\($0)" } ?? ""
            // The field's name without the position in brackets, which is no part of a pointer.
            let field = String(problem.field.prefix { $0 != "[" })
            return FieldError(pointer: FieldError.pointer(base, field), detail: "\(place): \(problem.reason)")
        }
        let first = errors.first?.detail ?? ""
        let more = count > 1 ? " (and \(count - 1) more)" : ""
        return Problem(.unprocessableContent, code: "invalid_split", detail: first + more, errors: errors)
    }
}

/// What a client says its file is.
enum UploadFormat {
    case npz
    case lines
    /// Told by its content.
    case unknown

    init(_ fields: RequestFields) throws(Problem) {
        let type = fields[.contentType] ?? ""
        switch type.prefix(while: { $0 != ";" }).lowercased().filter({ $0 != " " }) {
        case "application/x-npz", "application/npz", "application/zip", "application/x-zip-compressed": self = .npz
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
            "application/json":
            self = .lines
        // The last is what curl says of `--data-binary` when it is told nothing.
        case "", "application/octet-stream", "application/x-www-form-urlencoded": self = .unknown
        default:
            throw Problem(
                .unsupportedMediaType,
                code: "unsupported_media_type",
                detail: "a split is application/x-npz or application/x-ndjson, not \(type)"
            )
        }
    }

    /// Throws a ``Problem`` when the file is something else.
    func check(_ url: URL) throws {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        let start = try file.read(upToCount: 64) ?? Data()
        let isArchive = start.starts(with: "PK".utf8)
        switch (self, isArchive) {
        case (.npz, false):
            throw Problem.invalidSplit([SplitProblem(field: "file", reason: "is not an npz archive")], count: 1)
        case (.lines, true):
            throw Problem.invalidSplit(
                [SplitProblem(field: "file", reason: "is an archive, not lines of JSON")],
                count: 1
            )
        case (.unknown, false):
            // Empty files and empty lines are left to the reader of lines, which finds no clip in them.
            let first = start.first { !" \t\r\n".utf8.contains($0) }
            guard first == nil || first == UInt8(ascii: "{") else {
                let reason = "is neither an npz archive nor lines of JSON objects"
                throw Problem.invalidSplit([SplitProblem(field: "file", reason: reason)], count: 1)
            }
        default: break
        }
    }
}

/// The SHA-256 that a client sends with a body (RFC 9530, `Content-Digest: sha-256=:…:`).
struct ContentDigest {
    /// `sha256:…`
    private let expected: String

    /// nil when the client sends none, or only of other kinds.
    init?(_ fields: RequestFields) throws(Problem) {
        guard let field = fields[.contentDigest] else { return nil }
        let members = field.split(separator: ",").map { $0.filter { $0 != " " } }
        guard let member = members.first(where: { $0.lowercased().hasPrefix("sha-256=") }) else { return nil }
        let value = member.dropFirst("sha-256=".count)
        guard value.count >= 2, value.first == ":", value.last == ":",
            let digest = Data(base64Encoded: String(value.dropFirst().dropLast())), digest.count == 32
        else {
            throw Problem(
                .badRequest,
                code: "invalid_digest",
                detail: "Content-Digest must be sha-256=:…: with 32 bytes in base64"
            )
        }
        expected = "sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func check(_ digest: String) throws(Problem) {
        guard digest == expected else {
            throw Problem(
                .unprocessableContent,
                code: "digest_mismatch",
                detail: "the body has the digest \(digest), not \(expected) as Content-Digest says"
            )
        }
    }
}

extension HTTPField.Name {
    static let contentDigest = Self("Content-Digest")!
}
