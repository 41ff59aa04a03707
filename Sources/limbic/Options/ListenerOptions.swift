import ArgumentParser
import HTTP
import Platform

/// Where the server listens, and the bounds of its connections.
struct ListenerOptions: ParsableArguments {
    @Option(help: Settings.host.help)
    var host: String?
    @Option(help: Settings.port.help)
    var port: Int?
    @Option(help: Settings.tlsCertificate.help)
    var tlsCertificate: String?
    @Option(help: Settings.tlsKey.help)
    var tlsKey: String?
    @Option(help: Settings.tlsClientAuthority.help)
    var tlsClientAuthority: String?
    @Option(help: Settings.maxConnections.help)
    var maxConnections: Int?
    @Option(help: Settings.maxConnectionsPerAddress.help)
    var maxConnectionsPerAddress: Int?
    @Option(help: Settings.trustedProxies.help)
    var trustedProxies: String?
    @Option(help: Settings.maxRequestLine.help)
    var maxRequestLine: Int?
    @Option(help: Settings.maxHeaderBytes.help)
    var maxHeaderBytes: Int?
    @Option(help: Settings.maxHeaderCount.help)
    var maxHeaderCount: Int?
    @Option(help: Settings.handshakeSeconds.help)
    var handshakeSeconds: Int?
    @Option(help: Settings.headerSeconds.help)
    var headerSeconds: Int?
    @Option(help: Settings.idleSeconds.help)
    var idleSeconds: Int?
    @Option(help: Settings.bodySeconds.help)
    var bodySeconds: Int?
    @Option(help: Settings.bodyRate.help)
    var bodyRate: Int?
    @Option(help: Settings.writeSeconds.help)
    var writeSeconds: Int?
    @Option(help: Settings.writeRate.help)
    var writeRate: Int?
    @Option(help: Settings.lingerSeconds.help)
    var lingerSeconds: Int?
    @Option(help: Settings.lingerBytes.help)
    var lingerBytes: Int?

    func configuration() throws -> ServerConfiguration {
        var server = ServerConfiguration(host: try Settings.host.value(host), port: try Settings.port.value(port))
        guard (0...65_535).contains(server.port) else {
            throw Settings.port.error(port, "a port is a number from 0 to 65535, not \(server.port)")
        }
        do { server.listeningSocket = try ServiceManager.listeningSocket() } catch { throw ValidationError("\(error)") }
        server.tls = try tls()
        server.maxConnections = try Settings.maxConnections.value(maxConnections, atLeast: 1)
        server.maxConnectionsPerAddress = try Settings.maxConnectionsPerAddress.value(
            maxConnectionsPerAddress, atLeast: 1)
        server.trustedProxies = try proxies()
        server.limits.requestLine = try Settings.maxRequestLine.value(maxRequestLine, atLeast: 16)
        server.limits.headerBytes = try Settings.maxHeaderBytes.value(maxHeaderBytes, atLeast: 16)
        server.limits.headerCount = try Settings.maxHeaderCount.value(maxHeaderCount, atLeast: 1)
        server.handshakeTimeout = try seconds(Settings.handshakeSeconds, handshakeSeconds)
        server.headerTimeout = try seconds(Settings.headerSeconds, headerSeconds)
        server.idleTimeout = try seconds(Settings.idleSeconds, idleSeconds)
        server.bodyTimeout = try seconds(Settings.bodySeconds, bodySeconds)
        server.bodyRate = try Settings.bodyRate.value(bodyRate, atLeast: 0)
        server.writeTimeout = try seconds(Settings.writeSeconds, writeSeconds)
        server.writeRate = try Settings.writeRate.value(writeRate, atLeast: 0)
        server.lingerTimeout = try seconds(Settings.lingerSeconds, lingerSeconds)
        server.lingerBytes = try Settings.lingerBytes.value(lingerBytes, atLeast: 0)
        return server
    }

    private func tls() throws -> TLSConfiguration? {
        let certificate = try Settings.tlsCertificate.optionalValue(tlsCertificate)
        let key = try Settings.tlsKey.optionalValue(tlsKey)
        let authority = try Settings.tlsClientAuthority.optionalValue(tlsClientAuthority)
        switch (certificate, key) {
        case (let certificate?, let key?):
            return TLSConfiguration(certificate: certificate, key: key, clientAuthority: authority)
        case (nil, nil) where authority == nil: return nil
        case (nil, _): throw Settings.tlsCertificate.error(tlsCertificate, "TLS needs a certificate")
        case (_, nil): throw Settings.tlsKey.error(tlsKey, "TLS needs the key of the certificate")
        }
    }

    private func proxies() throws -> [AddressRange] {
        try (Settings.trustedProxies.optionalValue(trustedProxies) ?? "").split(separator: ",").map { part in
            let text = String(part.drop { $0 == " " })
            guard let range = AddressRange(text) else {
                throw Settings.trustedProxies.error(
                    trustedProxies, "'\(text)' is no address and no network such as 10.0.0.0/8 or fd00::/8")
            }
            return range
        }
    }

    private func seconds(_ setting: Setting<Int>, _ flag: Int?) throws -> Duration {
        .seconds(try setting.value(flag, atLeast: 1))
    }
}

extension Settings {
    private static let defaults = ServerConfiguration()

    static let host = Setting("LIMBIC_HOST", default: defaults.host, "Name or address to listen on")
    static let port = Setting("LIMBIC_PORT", default: defaults.port, "Port to listen on; 0 takes a free one")
    static let tlsCertificate = Setting<String>(
        "LIMBIC_TLS_CERTIFICATE", otherwise: "no TLS", isPath: true,
        "PEM file of the server's certificate and of those between it and its authority; read anew at SIGHUP")
    static let tlsKey = Setting<String>(
        "LIMBIC_TLS_KEY", otherwise: "no TLS", isPath: true, "PEM file of the private key of the certificate")
    static let tlsClientAuthority = Setting<String>(
        "LIMBIC_TLS_CLIENT_AUTHORITY", otherwise: "clients need no certificate", isPath: true,
        "PEM file of the authorities that clients must have a certificate of")
    static let handshakeSeconds = seconds("HANDSHAKE", defaults.handshakeTimeout, "TLS's handshake")
    static let maxConnections = Setting(
        "LIMBIC_MAX_CONNECTIONS", default: defaults.maxConnections,
        "Connections open at a time, or fewer where the process may not have as many files open; more wait")
    static let maxConnectionsPerAddress = Setting(
        "LIMBIC_MAX_CONNECTIONS_PER_ADDRESS", default: defaults.maxConnectionsPerAddress,
        "Connections open at a time from one address; more are closed at once")
    static let trustedProxies = Setting<String>(
        "LIMBIC_TRUSTED_PROXIES", otherwise: "none",
        "Addresses and networks of proxies, separated by commas, whose Forwarded or X-Forwarded-For says who the client is"
    )
    static let maxRequestLine = Setting(
        "LIMBIC_MAX_REQUEST_LINE", default: defaults.limits.requestLine, "Bytes of a request line; more is answered 414"
    )
    static let maxHeaderBytes = Setting(
        "LIMBIC_MAX_HEADER_BYTES", default: defaults.limits.headerBytes,
        "Bytes of all fields of a header; more is answered 431")
    static let maxHeaderCount = Setting(
        "LIMBIC_MAX_HEADER_COUNT", default: defaults.limits.headerCount, "Fields of a header; more is answered 431")
    static let headerSeconds = seconds("HEADER", defaults.headerTimeout, "a request's header to come")
    static let idleSeconds = seconds("IDLE", defaults.idleTimeout, "the next request of a connection to begin")
    static let bodySeconds = seconds("BODY", defaults.bodyTimeout, "the next piece of a request's body to come")
    static let bodyRate = Setting(
        "LIMBIC_BODY_RATE", default: defaults.bodyRate,
        "Bytes a second that a request's body must come with on the average, after the seconds above; 0 for any")
    static let writeSeconds = seconds("WRITE", defaults.writeTimeout, "a client to take the next piece of an answer")
    static let writeRate = Setting(
        "LIMBIC_WRITE_RATE", default: defaults.writeRate,
        "Bytes a second that an answer must be taken with on the average, after the seconds above; 0 for any")
    static let lingerSeconds = seconds(
        "LINGER", defaults.lingerTimeout, "a client to stop sending after its last answer, before the connection is cut"
    )
    static let lingerBytes = Setting(
        "LIMBIC_LINGER_BYTES", default: defaults.lingerBytes, "Bytes that it may send meanwhile, which are dropped")

    private static func seconds(_ name: String, _ fallback: Duration, _ what: String) -> Setting<Int> {
        Setting("LIMBIC_\(name)_SECONDS", default: Int(fallback.components.seconds), "Seconds for \(what)")
    }
}
