import Testing

@testable import HTTP

/// Proxies at 10.0.0.0/8 and 2001:db8::/32 are trusted, and the connection comes from 10.0.0.1.
struct ForwardedFieldsTests {
    private func client(_ lines: String, from peer: String = "10.0.0.1") throws -> String {
        let head = RequestHead.parse("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n")
        let proxies = try ["10.0.0.0/8", "2001:db8::/32"].map { try #require(AddressRange($0)) }
        let peer = try #require(SocketAddress(numeric: peer))
        return ForwardedFields.client(head.fields, from: peer, trusting: proxies).host
    }

    @Test(arguments: [
        ("X: none", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1", "192.0.2.1"),
        ("x-forwarded-for:192.0.2.1", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1:4711", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1:_port", "192.0.2.1"),
        ("X-Forwarded-For: 2001:DB9::1", "2001:db9::1"),
        ("X-Forwarded-For: [2001:db9::1]", "2001:db9::1"),
        ("X-Forwarded-For: [2001:db9::1]:80", "2001:db9::1"),
        // The nearest that is not trusted, whatever stands before it.
        ("X-Forwarded-For: 6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.2.3.4", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1, 2001:db8::5, 10.2.3.4", "192.0.2.1"),
        ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1\r\nX: y\r\nX-Forwarded-For: 10.0.0.2", "192.0.2.1"),
        ("X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("X-Forwarded-For: ,192.0.2.1, ,", "192.0.2.1"),
        // An address that is not known ends the way at the proxy that said so.
        ("X-Forwarded-For: unknown", "10.0.0.1"),
        ("X-Forwarded-For: 6.6.6.6, unknown", "10.0.0.1"),
        ("X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"),
        ("X-Forwarded-For: 6.6.6.6, _hidden, 10.0.0.2", "10.0.0.2"),
        ("X-Forwarded-For:", "10.0.0.1"),
        ("X-Forwarded-For: localhost", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.256", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1:", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1:a", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1:123456", "10.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1 a", "10.0.0.1"),
        ("X-Forwarded-For: [192.0.2.1]", "10.0.0.1"),
        ("X-Forwarded-For: [2001:db9::1", "10.0.0.1"),
        ("X-Forwarded-For: [2001:db9::1]80", "10.0.0.1"),
        ("X-Forwarded-For: 2001:db9::1::", "10.0.0.1"),
        ("X-Forwarded-For: fe80::1%eth0", "10.0.0.1"),
        ("X-Forwarded-For: \"192.0.2.1\"", "10.0.0.1"),
        ("X-Forwarded-For: 6.6.6.6,\u{301}192.0.2.1", "10.0.0.1"),
    ])
    func findsTheClientInTheUsualField(_ lines: String, _ expected: String) throws {
        #expect(try client(lines) == expected)
    }

    @Test(arguments: [
        ("Forwarded: for=192.0.2.1", "192.0.2.1"),
        ("Forwarded: For=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
        ("Forwarded: proto=https; host=\"a:80\" ;\tfor=192.0.2.1", "192.0.2.1"),
        ("Forwarded: for=\"192.0.2.1:80\"", "192.0.2.1"),
        ("Forwarded: for=\"192.0.2.1:_p\"", "192.0.2.1"),
        ("Forwarded: for=\"[2001:db9::1]\"", "2001:db9::1"),
        ("Forwarded: for=\"[2001:db9::1]:80\"", "2001:db9::1"),
        ("Forwarded: for=\"\\192.0.2.1\"", "192.0.2.1"),
        ("Forwarded: for=6.6.6.6, for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
        ("Forwarded: for=6.6.6.6\r\nForwarded: for=192.0.2.1", "192.0.2.1"),
        ("Forwarded: a=\"b, for=6.6.6.6\", for=192.0.2.1", "192.0.2.1"),
        ("Forwarded: a=\"\\\", for=6.6.6.6\", for=192.0.2.1", "192.0.2.1"),
        ("Forwarded: , for=192.0.2.1;, ,", "192.0.2.1"),
        ("Forwarded: for=6.6.6.6, for=unknown", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6, for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("Forwarded: for=6.6.6.6, for=\"_hidden:80\"", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6, proto=https", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6, for=\"\"", "10.0.0.1"),
        // Malformed.
        ("Forwarded: for=6.6.6.6:80", "10.0.0.1"),
        ("Forwarded: for=[2001:db9::1]", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;for=6.6.6.6", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;", "6.6.6.6"),
        ("Forwarded: for = 6.6.6.6", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6 proto=https", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;proto", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;proto=", "10.0.0.1"),
        ("Forwarded: \"for\"=6.6.6.6", "10.0.0.1"),
        ("Forwarded: for=\"6.6.6.6", "10.0.0.1"),
        ("Forwarded: for=\"6.6.6.6\\", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;a=\"\r\nForwarded: for=192.0.2.1", "10.0.0.1"),
        ("Forwarded: 6.6.6.6", "10.0.0.1"),
    ])
    func findsTheClientInTheFieldOfTheStandard(_ lines: String, _ expected: String) throws {
        #expect(try client(lines) == expected)
    }

    /// One of the two is what a client wrote, and nobody can tell which.
    @Test(arguments: [
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1", "192.0.2.1"),
        ("X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nForwarded: for=\"192.0.2.1:80\"", "192.0.2.1"),
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: ::ffff:192.0.2.1", "192.0.2.1"),
        ("Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 192.0.2.1", "10.0.0.1"),
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 6.6.6.6", "10.0.0.1"),
        ("Forwarded: \"\r\nX-Forwarded-For: 6.6.6.6", "10.0.0.1"),
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: ,", "10.0.0.1"),
    ])
    func believesTwoFieldsOnlyIfTheyAgree(_ lines: String, _ expected: String) throws {
        #expect(try client(lines) == expected)
    }

    @Test(arguments: ["9.9.9.9", "11.0.0.1", "2001:db9::1", "::1"])
    func believesNoOneElse(_ peer: String) throws {
        #expect(try client("Forwarded: for=6.6.6.6", from: peer) == peer)
        #expect(try client("X-Forwarded-For: 6.6.6.6", from: peer) == peer)
    }

    @Test func believesAProxyThatIsSeenMappedIntoIPv6() throws {
        #expect(try client("Forwarded: for=192.0.2.1", from: "::ffff:10.1.2.3") == "192.0.2.1")
    }
}
