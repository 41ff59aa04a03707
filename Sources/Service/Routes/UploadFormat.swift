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
        let type = MediaType.name(fields) ?? ""
        self = Self.npzTypes.contains(type) ? .npz : Self.lineTypes.contains(type) ? .lines : .unknown
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
