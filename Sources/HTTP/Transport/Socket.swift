import CLinux
import Glibc

/// A connected, non-blocking stream socket.
struct Socket: Sendable {

    let descriptor: Int32

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transport.Outcome {
        while true {
            let count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
            if count > 0 { return .bytes(count, isLast: count < buffer.count) }
            if count == 0 { return .end }
            if errno != EINTR { return Self.failure }
        }
    }

    /// Takes up to so many bytes and drops them.
    func discard(_ limit: Int) -> Transport.Outcome {
        while true {
            // For a stream, the kernel copies nothing then (tcp(7)).
            let count = recv(descriptor, nil, limit, Int32(MSG_TRUNC))
            if count > 0 { return .bytes(count, isLast: count < limit) }
            if count == 0 { return .end }
            if errno != EINTR { return Self.failure }
        }
    }

    /// - Parameter more: more will follow at once, so a half-full packet may wait for it.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Transport.Outcome {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress!, bytes.count, flags)
            if count >= 0 { return .bytes(count, isLast: count < bytes.count) }
            if errno != EINTR { return Self.failure }
        }
    }

    /// Sends bytes of a file without a copy of them here; an end means that the file has none there.
    func send(_ file: OpenFile, _ range: Range<Int>) -> Transport.Outcome {
        while true {
            var offset = range.lowerBound
            let count = linux_sendfile(descriptor, file.descriptor, &offset, UInt(range.count))
            if count > 0 { return .bytes(count, isLast: false) }
            if count == 0 { return .end }
            if errno != EINTR { return Self.failure }
        }
    }

    /// Tells the peer that nothing more will come.
    func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        _ = Glibc.close(descriptor)
    }

    private static var failure: Transport.Outcome {
        errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed
    }
}
