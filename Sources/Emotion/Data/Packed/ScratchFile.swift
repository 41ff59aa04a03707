import Foundation
import Platform

/// A file without a name, for what does not fit into memory: it is gone with the value, and with the process.
final class ScratchFile {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Bytes appended so far.
    private(set) var byteCount = 0

    /// Small writes are gathered to so many bytes.
    private static let bufferSize = 1 << 18

    /// - Parameter path: a path that no file has; it is free again when the file is open.
    init(path: String) throws(SystemError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        guard unlink(path) == 0 else { throw SystemError("unlink", path: path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        byteCount += bytes.count
        buffer += bytes
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Fills `target` with what was appended from byte `offset` on.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) {
        precondition(offset + target.count <= byteCount, "only what was appended can be read")
        if !buffer.isEmpty { try flush() }
        var filled = 0
        while filled < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("pread", code: count == 0 ? EIO : errno) }
            filled += count
        }
    }

    private func flush() throws(SystemError) {
        try Descriptor.writeAll(buffer, to: descriptor)
        buffer.removeAll(keepingCapacity: true)
    }
}
