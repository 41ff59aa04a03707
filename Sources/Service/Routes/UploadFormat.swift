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
    func check(_ format: SplitFormat?) throws {
        let reason: String
        switch (self, format) {
        case (_, let other?) where other.fault != nil: reason = other.fault ?? ""
        case (.npz, .lines): reason = "is not an npz archive but text, or empty; lines of JSON are application/x-ndjson"
        case (.lines, .archive): reason = "is an archive, not lines of JSON; an archive is application/x-npz"
        default: return
        }
        throw Problem.invalidSplit([SplitProblem(field: "file", reason: reason)], count: 1)
    }
}
