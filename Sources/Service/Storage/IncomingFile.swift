import Foundation
import HTTP
import Platform

/// A file that is being uploaded: written and hashed on a queue of its own. It never gets another name, as its clips are kept
/// in another file.
///
/// `@unchecked Sendable`: `descriptor`, `hash` and `byteCount` are only touched on `queue`, which is serial, and by
/// `deinit`.
final class IncomingFile: @unchecked Sendable {
    let url: URL
    private let descriptor: Int32
    private let queue = WorkQueue("limbic.upload")
    private var hash: SHA256? = SHA256()
    private var byteCount: Int64 = 0

    /// Makes the file, which is removed with the value.
    ///
    /// - Parameter path: on record as pending, and relative to the data directory.
    init(_ path: String, in directory: DataDirectory) throws {
        url = directory.url(path)
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open", path: url.path) }
    }

    deinit {
        close(descriptor)
        unlink(url.path)
    }

    /// Takes a body as it comes, and unpacked where it comes compressed.
    ///
    /// - Parameter expected: what its client says the digest of the body is, as it is sent.
    /// - Returns: of the file, the digest as `sha256:…`, and the size.
    /// - Throws: ``Problem`` for another digest than the one expected, and what a body that breaks off throws.
    func receive(_ body: RequestBody, expecting expected: ContentDigest?) async throws -> (
        digest: String, byteCount: Int64
    ) {
        // What arrives compressed is kept as it was before.
        let received = body.isEncoded && expected != nil ? ContentHash() : nil
        for try await chunk in body.stream(watching: { received?.update($0) }) { try await append(chunk) }
        let (digest, byteCount) = try await finish()
        try expected?.check(received?.finish() ?? digest)
        return (digest, byteCount)
    }

    func append(_ bytes: [UInt8]) async throws {
        try await queue.run { [self] in
            hash?.update(bytes)
            try Descriptor.writeAll(bytes, to: descriptor)
            byteCount += Int64(bytes.count)
        }
    }

    /// What the file turned out to be. To be called once, after the last bytes.
    ///
    /// - Returns: the digest as `sha256:…`, and the size.
    private func finish() async throws -> (digest: String, byteCount: Int64) {
        try await queue.run { [self] in
            guard let digest = hash.take()?.finish() else { preconditionFailure("an upload is finished once") }
            return (digest, byteCount)
        }
    }
}
