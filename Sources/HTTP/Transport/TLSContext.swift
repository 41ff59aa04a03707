import COpenSSL
import Foundation
import Platform

/// Where a server finds what it shows of itself over TLS.
package struct TLSConfiguration: Sendable, Equatable {
    /// PEM: the server's certificate, and those that lead from it to one that clients know.
    package var certificate: String
    /// PEM: its private key, without a pass phrase.
    package var key: String
    /// PEM: who must have signed the certificate of a client; nil asks clients for none.
    package var clientAuthority: String?

    package init(certificate: String, key: String, clientAuthority: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
    }
}

/// A certificate or key that cannot be used: which, and why.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// What the TLS connections of a server have in common: TLS 1.2 and 1.3 (RFC 9325), HTTP/1.1 by ALPN (RFC 7301), session
/// tickets, no renegotiation and no compression.
///
/// `@unchecked Sendable`: OpenSSL counts references to a context under locks of its own, and it is not changed once made.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// For TLS 1.2; those of TLS 1.3 are all good.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
    private static let ticketKeyBytes = 80

    /// - Parameter previous: what this one replaces, whose sessions may go on.
    /// - Throws: ``TLSError``.
    init(_ configuration: TLSConfiguration, replacing previous: TLSContext? = nil) throws(TLSError) {
        // Writing to a connection that is gone shall be an error of the call.
        signal(SIGPIPE, SIG_IGN)
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw Self.error("TLS", "cannot be used") }
        self.pointer = pointer
        guard ssl_context_set_versions(pointer, TLS1_2_VERSION) == 1,
            SSL_CTX_set_cipher_list(pointer, Self.ciphers) == 1
        else { throw Self.error("TLS", "cannot be used") }
        ssl_context_set_options(pointer)
        ssl_context_allow_partial_writes(pointer)
        ssl_context_cache_sessions(pointer)
        var name = Array("limbic".utf8)
        SSL_CTX_set_session_id_context(pointer, &name, UInt32(name.count))
        SSL_CTX_set_alpn_select_cb(pointer, Self.selectProtocol, nil)
        try load(configuration)
        if let previous { continueSessions(of: previous) }
    }

    deinit { SSL_CTX_free(pointer) }

    private func load(_ configuration: TLSConfiguration) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(pointer, configuration.certificate) == 1 else {
            throw Self.error("the certificate \(configuration.certificate)", "cannot be read")
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, configuration.key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.error("the key \(configuration.key)", "cannot be used with \(configuration.certificate)")
        }
        guard SSL_CTX_check_private_key(pointer) == 1 else {
            throw Self.error("the key \(configuration.key)", "does not belong to \(configuration.certificate)")
        }
        guard let authority = configuration.clientAuthority else { return }
        guard SSL_CTX_load_verify_file(pointer, authority) == 1 else {
            throw Self.error("the certificates of clients' authority \(authority)", "cannot be read")
        }
        SSL_CTX_set_client_CA_list(pointer, SSL_load_client_CA_file(authority))
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    /// Tickets that the one before has given out stay good, but not where clients have to be known by other authorities.
    private func continueSessions(of previous: TLSContext) {
        guard SSL_CTX_get_verify_mode(pointer) == SSL_VERIFY_NONE,
            SSL_CTX_get_verify_mode(previous.pointer) == SSL_VERIFY_NONE
        else { return }
        var keys = [UInt8](repeating: 0, count: Self.ticketKeyBytes)
        guard ssl_context_get_ticket_keys(previous.pointer, &keys, keys.count) == 1 else { return }
        _ = ssl_context_set_ticket_keys(pointer, &keys, keys.count)
    }

    /// A client that names protocols must name ours (RFC 7301 section 3.2).
    private static let selectProtocol: SSL_CTX_alpn_select_cb_func = { _, selected, length, offered, count, _ in
        let ours = "http/1.1".utf8
        guard let offered else { return SSL_TLSEXT_ERR_NOACK }
        let bytes = UnsafeBufferPointer(start: offered, count: Int(count))
        var start = 0
        while start < bytes.count {
            let end = start + 1 + Int(bytes[start])
            guard end <= bytes.count else { break }
            if bytes[start + 1..<end].elementsEqual(ours) {
                selected?.pointee = offered + start + 1
                length?.pointee = UInt8(ours.count)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private static func error(_ what: String, _ reason: String) -> TLSError {
        let code = ERR_peek_last_error()
        let detail = ERR_reason_error_string(code).map { ": \(String(cString: $0))" } ?? ""
        return TLSError(description: "\(what) \(reason)\(detail)")
    }
}
