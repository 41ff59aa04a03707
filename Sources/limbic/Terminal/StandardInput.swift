import Foundation

/// Standard input as a file: an archive is read from its end, and some splits twice.
enum StandardInput {
    private static let chunk = 1 << 20

    /// Runs `body` on the file at `path`, or on a temporary one with all of standard input where the path is `-`.
    ///
    /// - Parameter start: what has been read of standard input already.
    static func withFile<Value>(
        _ path: String, start: [UInt8] = [], _ body: (String) throws -> Value
    ) throws -> Value {
        guard path == "-" else { return try body(path) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "limbic-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "standard input")
        try Data(start).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        while let data = try FileHandle.standardInput.read(upToCount: chunk), !data.isEmpty {
            try handle.write(contentsOf: data)
        }
        return try body(file.path)
    }
}
