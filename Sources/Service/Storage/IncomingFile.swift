import Foundation
import Platform

/// A file that is being uploaded: written, hashed and finally synchronised on a queue of its own.
///
/// `@unchecked Sendable`: `descriptor`, `hash` and `byteCount` are only touched on `queue`, which is serial, and by
/// `deinit`.
final class IncomingFile: @unchecked Sendable {
    /// Relative to the data directory.
    let path: String
    let url: URL
    private let descriptor: Int32
    private let queue = WorkQueue("limbic.upload")
    private var hash: SHA256? = SHA256()
    private var byteCount: Int64 = 0

    /// Makes the file, which is removed with the value unless it has been moved away.
    ///
    /// - Parameter path: on record as pending, and relative to the data directory.
    init(_ path: String, in directory: DataDirectory) throws {
        self.path = path
        url = directory.url(path)
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open", path: url.path) }
    }

    deinit {
        close(descriptor)
        unlink(url.path)
    }

    func append(_ bytes: [UInt8]) async throws {
        try await queue.run { [self] in
            hash?.update(bytes)
            try Descriptor.writeAll(bytes, to: descriptor)
            byteCount += Int64(bytes.count)
        }
    }

    /// Puts the file on the disk. To be called once, after the last bytes.
    ///
    /// - Returns: the digest as `sha256:…`, and the size.
    func finish() async throws -> (digest: String, byteCount: Int64) {
        try await queue.run { [self] in
            guard fsync(descriptor) == 0 else { throw SystemError("fsync", path: url.path) }
            guard let digest = hash.take()?.finish() else { preconditionFailure("an upload is finished once") }
            return (digest, byteCount)
        }
    }
}
