import COpenSSL
import Dispatch
import Glibc
import Platform

@testable import HTTP

/// OpenSSL's client on a blocking socket.
///
/// `@unchecked Sendable`: used on its queue only.
final class TLSTestClient: @unchecked Sendable {
    /// The server refused the handshake, or broke off without close_notify.
    struct Failed: Error {
        var step = ""
        /// As SSL_get_error(3) and errno have it.
        var error: Int32 = 0
        var code: Int32 = 0
    }

    private let queue = DispatchQueue(label: "test.tls")
    private let context: OpaquePointer
    private let pointer: OpaquePointer
    private let descriptor: Int32

    /// What a client asks for.
    struct Options: Sendable {
        /// A PEM file with what the server's certificate must be.
        var authority: String
        var latestVersion = TLS1_3_VERSION
        var protocols: [String] = []
        /// PEM files of the client's own.
        var certificate: (certificate: String, key: String)?
        var session: Session?
    }

    /// `@unchecked Sendable`: OpenSSL counts references under a lock.
    final class Session: @unchecked Sendable {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { SSL_SESSION_free(pointer) }
    }

    init(_ address: SocketAddress, _ options: Options) async throws {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Failed() }
        _ = ssl_context_set_latest_version(context, options.latestVersion)
        // A client that would speak old versions, if the server did.
        _ = ssl_context_set_versions(context, TLS1_VERSION)
        SSL_CTX_set_security_level(context, 0)
        SSL_CTX_load_verify_file(context, options.authority)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let own = options.certificate {
            SSL_CTX_use_certificate_chain_file(context, own.certificate)
            SSL_CTX_use_PrivateKey_file(context, own.key, SSL_FILETYPE_PEM)
        }
        let protocols = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !protocols.isEmpty { SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) }
        guard let pointer = SSL_new(context) else { throw Failed() }
        (self.context, self.pointer) = (context, pointer)
        descriptor = try TestClient.connect(to: address)
        SSL_set_fd(pointer, descriptor)
        if let session = options.session { SSL_set_session(pointer, session.pointer) }
        try await blocking { pointer in
            let result = SSL_connect(pointer)
            guard result == 1 else { throw Self.failure("connect", pointer, result) }
        }
    }

    deinit {
        SSL_free(pointer)
        SSL_CTX_free(context)
        close(descriptor)
    }

    var isResumed: Bool { SSL_session_reused(pointer) == 1 }

    /// The protocol that was agreed on.
    var protocolName: String {
        var (name, length): (UnsafePointer<UInt8>?, UInt32) = (nil, 0)
        SSL_get0_alpn_selected(pointer, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// With TLS 1.3 it has come with the first answer only.
    var session: Session? { SSL_get1_session(pointer).map { Session($0) } }

    func send(_ text: String) async throws {
        let bytes = Array(text.utf8)
        try await blocking {
            var count = 0
            let result = SSL_write_ex($0, bytes, bytes.count, &count)
            guard result == 1 else { throw Self.failure("write", $0, result) }
        }
    }

    /// Reads until what came ends in `end`.
    func read(until end: String) async throws -> String {
        try await blocking { pointer in
            var bytes: [UInt8] = []
            while !bytes.suffix(end.utf8.count).elementsEqual(end.utf8) {
                guard let more = try Self.read(pointer) else { throw Failed(step: "read to the end") }
                bytes += more
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Reads until the server says that there will be no more; throws when it does not say so.
    func readToEnd() async throws -> String {
        try await blocking { pointer in
            var bytes: [UInt8] = []
            while let more = try Self.read(pointer) { bytes += more }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Reads some of what comes.
    func readSome() async throws {
        try await blocking { _ = try Self.read($0) }
    }

    /// Has the connection reset, instead of closed in good order, with the client's end.
    func resetAtEnd() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Says that no more will be sent.
    func sayGoodbye() async throws {
        try await blocking { _ = SSL_shutdown($0) }
    }

    private static func read(_ pointer: OpaquePointer) throws -> ArraySlice<UInt8>? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var count = 0
        let result = SSL_read_ex(pointer, &bytes, bytes.count, &count)
        if result == 1 { return bytes[..<count] }
        guard SSL_get_error(pointer, result) == SSL_ERROR_ZERO_RETURN else { throw failure("read", pointer, result) }
        return nil
    }

    private static func failure(_ step: String, _ pointer: OpaquePointer, _ result: Int32) -> Failed {
        let code = errno
        return Failed(step: step, error: SSL_get_error(pointer, result), code: code)
    }

    private func blocking<Value: Sendable>(
        _ work: @escaping @Sendable (OpaquePointer) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                // What other connections have left on this thread would be taken for ours.
                ERR_clear_error()
                continuation.resume(with: Result { try work(pointer) })
            }
        }
    }
}
