import COpenSSL
import Dispatch
import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// The server over TLS, with OpenSSL's client.
@Suite struct TLSTests {
    private let scratch: ScratchDirectory
    private let files: (certificate: String, key: String)

    init() throws {
        scratch = try ScratchDirectory()
        files = try TestCertificate.first.write(to: scratch)
    }

    private var options: TLSTestClient.Options { TLSTestClient.Options(authority: files.certificate) }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func withTLSServer(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        _ test: (Server, SocketAddress) async throws -> Void
    ) async throws {
        var router = Router()
        router.on(.get, "/", immediate: { _ in .text("over") })
        router.on(.post, "/", body: .buffered(limit: 1 << 24)) { Response(body: .bytes(try $0.body.bytes)) }
        router.files(under: "/files/", directory: scratch.path)
        let tls = TLSConfiguration(certificate: files.certificate, key: files.key)
        try await withServer(
            router,
            configure: { configuration in
                configuration.tls = tls
                configuration.handshakeTimeout = .seconds(3600)
                configure(&configuration)
            }
        ) { server, address, _ in try await test(server, address) }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func answersRequests(version: Int32) async throws {
        try await withTLSServer { _, address in
            var options = options
            options.latestVersion = version
            let client = try await TLSTestClient(address, options)
            try await client.send(Self.get + Self.get)
            #expect(try await client.read(until: "over").hasPrefix("HTTP/1.1 200"))
            // More than the socket takes at a time, in both directions.
            let large = String(repeating: "0123456789", count: 800_000)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(large.utf8.count)\r\n\r\n" + large)
            #expect(try await client.read(until: "\r\n\r\n" + large).hasSuffix(large))
        }
    }

    @Test func sendsFiles() async throws {
        let content = (0..<400_000).map { "\($0 % 99991)\n" }.joined() + "the end"
        _ = try scratch.write("a.bin", content.utf8)
        try await withTLSServer { _, address in
            let client = try await TLSTestClient(address, options)
            for _ in 0..<2 {
                try await client.send("GET /files/a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.read(until: "the end").hasSuffix("\r\n\r\n" + content))
            }
        }
    }

    /// What is encrypted is read before, but not where connections wait for it.
    @Test(.timeLimit(.minutes(30)))
    func noOneElseWaitsForTheDisk() async throws {
        let content = String(repeating: "0123456789", count: 10_000)
        let file = try OpenFile(path: try scratch.write("a.bin", content.utf8))
        var router = Router()
        router.on(.get, "/", immediate: { _ in .text("over") })
        router.on(.get, "/file", handler: { _ in Response(body: .file(file)) })
        let overTLS = { [files] (configuration: inout ServerConfiguration) in
            configuration.tls = TLSConfiguration(certificate: files.certificate, key: files.key)
            configuration.handshakeTimeout = .seconds(3600)
            configuration.eventQueues = 1
        }
        try await withServer(router, configure: overTLS) { server, address, _ in
            let client = try await TLSTestClient(address, options)
            let other = try await TLSTestClient(address, options)
            OpenFile.reading.suspend()
            do {
                defer { OpenFile.reading.resume() }
                try await client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in 0..<20 {
                    try await other.send(Self.get)
                    #expect(try await other.read(until: "over").hasSuffix("over"))
                }
                #expect(await server.counters().routes.filter { !$0.answers.isEmpty }.map(\.pattern) == ["/"])
            }
            #expect(try await client.read(until: content).hasSuffix("\r\n\r\n" + content))
        }
    }

    @Test func saysGoodbyeAndHearsIt() async throws {
        try await withTLSServer { _, address in
            let client = try await TLSTestClient(address, options)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("over"))
            let other = try await TLSTestClient(address, options)
            try await other.send(Self.get)
            _ = try await other.read(until: "over")
            try await other.sayGoodbye()
            #expect(try await other.readToEnd() == "")
        }
    }

    @Test func handshakesAreCounted() async throws {
        try await withTLSServer { server, address in
            let client = try await TLSTestClient(address, options)
            try await client.send(Self.get)
            _ = try await client.read(until: "over")
            var old = options
            old.latestVersion = TLS1_1_VERSION
            await #expect(throws: TLSTestClient.Failed.self) { try await TLSTestClient(address, old) }
            let counters = await server.counters()
            #expect(counters.handshakes == 1 && counters.connections == 2)
        }
    }

    /// Whatever the server was about to send.
    @Test(.timeLimit(.minutes(30)))
    func clientsMayGoWhileTheyAreAnswered() async throws {
        _ = try scratch.write("large.bin", [UInt8](repeating: 7, count: 8 << 20))
        try await withTLSServer { server, address in
            for turn in 0..<60 {
                let client = try await TLSTestClient(address, options)
                try await client.send("GET /files/large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in 0..<turn % 3 { try await client.readSome() }
                client.resetAtEnd()
            }
            let client = try await TLSTestClient(address, options)
            try await client.send(Self.get)
            #expect(try await client.read(until: "over").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func speaksNoOldVersions() async throws {
        try await withTLSServer { _, address in
            var options = options
            options.latestVersion = TLS1_1_VERSION
            await #expect(throws: TLSTestClient.Failed.self) { try await TLSTestClient(address, options) }
        }
    }

    @Test func agreesOnTheProtocol() async throws {
        try await withTLSServer { _, address in
            var options = options
            options.protocols = ["h2", "http/1.1"]
            let client = try await TLSTestClient(address, options)
            #expect(client.protocolName == "http/1.1")
            options.protocols = ["h2"]
            await #expect(throws: TLSTestClient.Failed.self) { try await TLSTestClient(address, options) }
        }
    }

    @Test func changesItsCertificateWithoutLosingAnyone() async throws {
        try await withTLSServer { server, address in
            let before = try await TLSTestClient(address, options)
            try await before.send(Self.get)
            _ = try await before.read(until: "over")
            let session = before.session
            _ = try TestCertificate.second.write(to: scratch)
            try server.reloadCertificate()
            try await before.send(Self.get)
            _ = try await before.read(until: "over")
            let after = try await TLSTestClient(address, options)
            #expect(!after.isResumed)
            var resuming = options
            resuming.session = session
            let resumed = try await TLSTestClient(address, resuming)
            #expect(resumed.isResumed)
            // What cannot be read changes nothing.
            _ = try scratch.write("certificate.pem", "nothing".utf8)
            #expect(throws: TLSError.self) { try server.reloadCertificate() }
            _ = try TestCertificate.second.write(to: scratch)
            let still = try await TLSTestClient(address, options)
            try await still.send(Self.get)
            _ = try await still.read(until: "over")
        }
    }

    @Test func asksClientsForACertificate() async throws {
        let authority = try scratch.write("clients.pem", TestCertificate.second.certificate.utf8)
        let key = try scratch.write("client-key.pem", TestCertificate.second.key.utf8)
        try await withTLSServer(configure: { $0.tls?.clientAuthority = authority }) { _, address in
            var known = options
            known.certificate = (authority, key)
            let client = try await TLSTestClient(address, known)
            try await client.send(Self.get)
            _ = try await client.read(until: "over")
            // With TLS 1.3 the client learns of it after its own part of the handshake.
            await #expect(throws: TLSTestClient.Failed.self) {
                let stranger = try await TLSTestClient(address, options)
                _ = try await stranger.readToEnd()
                throw TestClient.Ended()
            }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func waitsForTheHandshakeOnlySoLong() async throws {
        try await withTLSServer(configure: { $0.handshakeTimeout = .milliseconds(100) }) { _, address in
            let client = try TestClient(address)
            #expect(try await client.readToEnd() == "")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func endsWhatIsNotTLS() async throws {
        try await withTLSServer { _, address in
            let client = try TestClient(address)
            try await client.send("SSH-2.0-OpenSSH_9.2\r\n")
            // An alert at most, and then an end or a reset.
            let answer = try? await client.readToEnd()
            #expect((answer?.utf8.count ?? 0) < 16)
        }
    }

    @Test(.timeLimit(.minutes(30)), arguments: ["GET", "POST"])
    func tellsClientsWithoutTLS(_ method: String) async throws {
        try await withTLSServer { _, address in
            let client = try TestClient(address)
            try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nThis port speaks TLS: ask for https instead of http.\n"))
        }
    }

    @Test func namesWhatItCannotUse() throws {
        let none = scratch.file("none.pem")
        let other = try scratch.write("other.pem", TestCertificate.second.key.utf8)
        for (certificate, key, word) in [
            (none, files.key, "the certificate \(none) cannot be read"),
            (files.certificate, none, "the key \(none) cannot be used"),
            (files.certificate, other, "the key \(other)"),
        ] {
            let error = #expect(throws: TLSError.self) {
                try TLSContext(TLSConfiguration(certificate: certificate, key: key))
            }
            #expect(error?.description.hasPrefix(word) == true)
        }
    }
}
