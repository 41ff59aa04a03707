import COpenSSL
import Glibc

/// The server's end of a TLS connection over a non-blocking socket.
///
/// The handshake goes on by itself with each call that receives. What OpenSSL wants, to read or to write, need not be told
/// apart: the poller tells of both, and then all that was blocked is tried again.
///
/// `@unchecked Sendable`: touched on the connection's queue only.
final class TLSConnection: @unchecked Sendable {
    let socket: Socket
    private let pointer: OpaquePointer
    /// After an error that ends the connection, it must not even be shut down (SSL_shutdown(3)).
    private var isBroken = false

    /// Returns nil when there is no memory for it.
    init?(_ socket: Socket, _ context: TLSContext) {
        guard let pointer = SSL_new(context.pointer) else { return nil }
        guard SSL_set_fd(pointer, socket.descriptor) == 1 else {
            SSL_free(pointer)
            return nil
        }
        SSL_set_accept_state(pointer)
        self.socket = socket
        self.pointer = pointer
    }

    deinit { SSL_free(pointer) }

    var isHandshaking: Bool { SSL_is_init_finished(pointer) == 0 }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transport.Outcome {
        var count = 0
        ERR_clear_error()
        let result = SSL_read_ex(pointer, buffer.baseAddress, buffer.count, &count)
        // It was a part of one record, and there may be more of them.
        return result == 1 ? .bytes(count, isLast: false) : outcome(result)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Transport.Outcome {
        var count = 0
        ERR_clear_error()
        let result = SSL_write_ex(pointer, bytes.baseAddress, bytes.count, &count)
        return result == 1 ? .bytes(count, isLast: false) : outcome(result)
    }

    func finishSending() {
        goodbye()
        socket.finishSending()
    }

    func close() {
        goodbye()
        socket.close()
    }

    /// Sends close_notify once (RFC 8446 section 6.1).
    private func goodbye() {
        guard !isBroken, !isHandshaking, SSL_get_shutdown(pointer) & SSL_SENT_SHUTDOWN == 0 else { return }
        ERR_clear_error()
        _ = SSL_shutdown(pointer)
    }

    private func outcome(_ result: Int32) -> Transport.Outcome {
        switch SSL_get_error(pointer, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .end
        default:
            isBroken = true
            if ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST { refusePlain() }
            return .failed
        }
    }

    /// What a client is told that asks without TLS, in the only way it understands.
    private static let plainRefusal: [UInt8] = {
        let text = "This port speaks TLS: ask for https instead of http.\n"
        return Array(
            """
            HTTP/1.1 400 Bad Request\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(text.utf8.count)\r
            Connection: close\r
            \r
            \(text)
            """.utf8)
    }()

    private func refusePlain() {
        _ = Self.plainRefusal.withUnsafeBytes { socket.send($0) }
        socket.finishSending()
        // To close on what is unread would reset the connection, and could destroy the answer.
        _ = socket.discard(1 << 16)
    }
}
