import Foundation
import Jobs

/// SHA-256 of a file, read piece by piece.
enum FileDigest {
    /// - Returns: `sha256:…`.
    static func of(_ url: URL) throws -> String {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(chunk) }
        return hash.finish()
    }
}
