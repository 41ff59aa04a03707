import Testing

@testable import HTTP

@Suite struct ValueTests {
    @Test func queryParametersAreDecoded() {
        let query = QueryParameters("a=1&b=%C3%A9+x&a=2&flag&=v&p=100%&&c=d=e".utf8)
        #expect(query["a"] == "1")
        #expect(query[values: "a"] == ["1", "2"])
        #expect(query["b"] == "é x")
        #expect(query["flag"] == "")
        #expect(query["p"] == "100%")
        #expect(query["c"] == "d=e")
        #expect(query["z"] == nil)
        #expect(query.count == 7)
    }

    @Test func datesAreWrittenAsTheStandardWants() {
        #expect(HTTPDate.string(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.string(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }

    @Test func requestIDsAreCheckedAndMade() {
        #expect(RequestID.isValid("abc-DEF_1.2:3".utf8))
        #expect(!RequestID.isValid("".utf8))
        #expect(!RequestID.isValid("a b".utf8))
        #expect(!RequestID.isValid("a\"b".utf8))
        #expect(!RequestID.isValid(String(repeating: "a", count: 129).utf8))
        #expect(RequestID.made(0xAB).description == "00000000000000ab")
        var generator = RequestIDGenerator(seed: 1)
        var again = RequestIDGenerator(seed: 1)
        let first = generator.next()
        #expect(first == again.next())
        #expect(first != generator.next())
    }

    @Test func addressesArePrinted() throws {
        #expect(SocketAddress.loopback.description == "127.0.0.1:0")
    }
}
