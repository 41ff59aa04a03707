import Emotion
import Foundation
import HTTP
import HTTPTypes

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
