import Glibc
import Platform

/// A connected, non-blocking stream socket. What TLS will wrap: reads and writes go through here alone.
struct Socket: Sendable {
    enum Outcome {
        case bytes(Int)
        /// Nothing now; the descriptor will become ready.
        case wouldBlock
        /// The peer has closed its side.
        case end
        case failed(SystemError)
    }

    let descriptor: Int32

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        while true {
            let count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno != EINTR { return Self.failure("recv") }
        }
    }

    /// Takes up to so many bytes and drops them.
    func discard(_ limit: Int) -> Outcome {
        while true {
            // For a stream, the kernel copies nothing then (tcp(7)).
            let count = recv(descriptor, nil, limit, Int32(MSG_TRUNC))
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno != EINTR { return Self.failure("recv") }
        }
    }

    /// - Parameter more: more will follow at once, so a half-full packet may wait for it.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Outcome {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress!, bytes.count, flags)
            if count >= 0 { return .bytes(count) }
            if errno != EINTR { return Self.failure("send") }
        }
    }

    /// Tells the peer that nothing more will come.
    func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        _ = Glibc.close(descriptor)
    }

    private static func failure(_ operation: String) -> Outcome {
        errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed(SystemError(operation))
    }
}
