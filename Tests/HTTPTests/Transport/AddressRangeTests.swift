import Testing

@testable import HTTP

struct AddressRangeTests {
    @Test(arguments: [
        ("192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.2", "::192.0.2.1", "::1"]),
        ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
        ("10.64.0.0/10", ["10.64.0.0", "10.127.255.255"], ["10.63.255.255", "10.128.0.0"]),
        ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "2001:db8::1"]),
        ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]),
        ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "2001:db7::"]),
        ("2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::"]),
        ("::ffff:10.0.0.0/104", ["10.1.2.3"], ["11.0.0.0"]),
        ("::/0", ["::", "ffff::", "192.0.2.1"], []),
        ("2001:db8::1/128", ["2001:db8::1"], ["2001:db8::"]),
    ])
    func contains(_ text: String, _ inside: [String], _ outside: [String]) throws {
        let range = try #require(AddressRange(text))
        for address in inside { #expect(range.contains(try #require(SocketAddress(numeric: address))), "\(address)") }
        for address in outside { #expect(!range.contains(try #require(SocketAddress(numeric: address))), "\(address)") }
    }

    @Test(arguments: [
        "", "/", "/8", "a", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10/8", "10.0.0.1/8", "2001:db8::/129", "2001:db8::1/64", "[::1]",
        "::1:80:", "127.0.0.1:80", "fe80::1%1", "10.0.0.0/99999999999999999999",
        "::1\0", "127.0.0.1\0a",
    ])
    func refuses(_ text: String) {
        #expect(AddressRange(text) == nil)
    }
}
