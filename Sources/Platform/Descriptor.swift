package import Foundation

/// Operations on file descriptors that a single system call does not do.
package enum Descriptor {
    /// Writes all bytes, however often the system takes only a part of them, and waits for a descriptor that is
    /// non-blocking. Whoever writes to a pipe ignores SIGPIPE.
    ///
    /// - Throws: ``SystemError`` when not all could be written.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // Whatever it returns, the next write says what is the matter.
                _ = poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw SystemError("write")
            }
        }
    }

    /// The same for bytes of any kind.
    package static func writeAll(_ bytes: some ContiguousBytes, to descriptor: Int32) throws(SystemError) {
        let outcome = bytes.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try writeAll(bytes, to: descriptor) }
        }
        try outcome.get()
    }
}
