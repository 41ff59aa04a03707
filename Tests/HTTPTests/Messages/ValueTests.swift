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

    @Test func yearsOfTwoDigitsAreAtMost50YearsAhead() {
        // Noon of 27 November 2026.
        let now = 1_795_780_800
        for (date, year) in [
            ("Friday, 27-Nov-26 12:00:00 GMT", 2026), ("Saturday, 28-Nov-26 00:00:00 GMT", 2026),
            ("Friday, 01-Jan-27 00:00:00 GMT", 2027), ("Friday, 27-Nov-76 00:00:00 GMT", 2076),
            ("Sunday, 28-Nov-76 00:00:00 GMT", 1976), ("Saturday, 01-Jan-77 00:00:00 GMT", 1977),
            ("Saturday, 01-Jan-00 00:00:00 GMT", 2000), ("Friday, 31-Dec-99 23:59:59 GMT", 1999),
            ("Saturday, 29-Feb-64 00:00:00 GMT", 2064), ("Sunday, 29-Feb-76 00:00:00 GMT", 2076),
        ] {
            let text = HTTPDate.parse(date, now: now).map(HTTPDate.string)
            #expect(text?.contains(" \(year) ") == true, "\(date): \(String(describing: text))")
        }
        #expect(HTTPDate.parse("Sunday, 29-Feb-75 00:00:00 GMT", now: now) == nil)
        #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT", now: now) == 784_111_777)
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

    @Test(arguments: ["[::1\0]", "[::1\0::2]:80", "a\0b", "\0"])
    func authoritiesHoldNoNUL(_ text: String) {
        #expect(throws: RequestError.self) {
            try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(RequestError) in
                try Authority.check(bytes[...], of: "Host")
            }
        }
    }
}
