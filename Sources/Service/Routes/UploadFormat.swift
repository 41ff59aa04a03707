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

    private static let npzTypes = [
        "application/x-npz", "application/npz", "application/zip", "application/x-zip-compressed",
    ]
    private static let lineTypes = [
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
        "application/json",
    ]
    // The last is what curl says of `--data-binary` when it is told nothing.
    private static let unknownTypes = ["application/octet-stream", "application/x-www-form-urlencoded"]

    /// Those that are taken; a client need not name any.
    static let mediaTypes = npzTypes + lineTypes + unknownTypes

    /// - Precondition: the type of the request's body is one of ``mediaTypes``, or is not there.
    init(_ fields: RequestFields) {
        let type = fields.mediaType ?? ""
        self = Self.npzTypes.contains(type) ? .npz : Self.lineTypes.contains(type) ? .lines : .unknown
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
