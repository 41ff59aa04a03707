import CLinux
import Dispatch
import Glibc
import Platform

/// A regular file open for reading; closed with its last reference.
package final class OpenFile: Sendable {
    /// Where files are opened and read, so that a slow disk holds up no connection.
    static let reading = DispatchQueue(label: "http.files", attributes: .concurrent)

    let descriptor: Int32
    /// In bytes, when it was opened.
    package let size: Int
    /// Seconds since 1970.
    let modified: Int
    private let modifiedNanoseconds: Int

    /// Opens the file at `path`. Throws ``SystemError``; what is no regular file is refused with `EINVAL`.
    package convenience init(path: String) throws {
        try self.init(path, in: AT_FDCWD, flags: 0)
    }

    /// Opens `path`, relative to the directory `directory`.
    init(_ path: String, in directory: Int32, flags: Int32) throws {
        // Without O_NONBLOCK, opening a FIFO would wait for its other end.
        descriptor = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        guard descriptor >= 0 else { throw SystemError("openat") }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        guard isKnown, status.st_mode & S_IFMT == S_IFREG else {
            let error = isKnown ? SystemError("openat", code: EINVAL) : SystemError("fstat")
            close(descriptor)
            throw error
        }
        size = Int(status.st_size)
        modified = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
    }

    deinit {
        close(descriptor)
    }

    /// Validator made of size and time of modification (RFC 9110 §8.8.3).
    var entityTag: String {
        "\"\(String(size, radix: 16))-\(String(modified, radix: 16))-\(String(modifiedNanoseconds, radix: 16))\""
    }

    /// Whether the first and the last of some bytes are in the kernel's cache, and so most likely those between them, too.
    func isCached(_ range: Range<Int>) -> Bool {
        [range.lowerBound, range.upperBound - 1].allSatisfy { offset in
            var byte: UInt8 = 0
            return withUnsafeMutableBytes(of: &byte) {
                var piece = iovec(iov_base: $0.baseAddress, iov_len: 1)
                // RWF_NOWAIT: rather fail than wait for the disk.
                return linux_preadv2(descriptor, &piece, 1, offset, 8) == 1
            }
        }
    }

    /// Has bytes read into the kernel's cache, and waits for them.
    func load(_ range: Range<Int>) {
        _ = posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
        for offset in [range.lowerBound, range.upperBound - 1] {
            var byte: UInt8 = 0
            // What fails here fails again when it is sent.
            _ = pread(descriptor, &byte, 1, off_t(offset))
        }
    }

    /// Reads up to `count` bytes from `offset` on; fewer only at the end of the file. Throws ``SystemError``.
    func read(at offset: Int, count: Int) throws -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    failure = SystemError("pread")
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
