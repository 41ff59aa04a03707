import COpenSSL
package import Foundation

/// A SHA-256 digest taken piece by piece (FIPS 180-4), computed by OpenSSL.
///
/// ```swift
/// var hash = SHA256()
/// hash.update(chunk)
/// let digest = hash.finish()  // "sha256:…", 64 lowercase hexadecimal digits
/// ```
///
/// `@unchecked Sendable`: the context has one owner, because the type cannot be copied, and is only touched by
/// mutating and consuming calls, to which the compiler gives exclusive access.
package struct SHA256: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL has no SHA-256")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes to the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            preconditionFailure("OpenSSL refused to add \(bytes.count) bytes to a digest")
        }
    }

    /// Adds bytes to the message.
    package mutating func update(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of all bytes added, as `sha256:` and 64 lowercase hexadecimal digits.
    package consuming func finish() -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("sha256:".utf8)
        for byte in finishBytes() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The digest of all bytes added, 32 bytes.
    private consuming func finishBytes() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
            preconditionFailure("OpenSSL could not finish a digest")
        }
        return digest
    }

    /// The digest of `bytes`, 32 bytes.
    package static func bytes(of bytes: some ContiguousBytes) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finishBytes()
    }

    /// The digest of `bytes`, as `sha256:` and 64 lowercase hexadecimal digits.
    package static func digest(of bytes: some ContiguousBytes) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The digest of the bytes of a file, read piece by piece.
    ///
    /// - Throws: ``SystemError`` when it cannot be read.
    package static func digest(ofFile path: String) throws(SystemError) -> String {
        // Without O_NONBLOCK, opening a FIFO would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        defer { close(descriptor) }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read", path: path) }
            guard count > 0 else { return hash.finish() }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
