import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RequestDecoderTests {
    static let valid: [String] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/b?c=d&e=%7a HTTP/1.1\r\nHost: a.example:8080\r\nX-Empty:\r\nX: \t y z \t\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        "HEAD /%41%2f HTTP/1.1\r\nhOsT: [::1]:80\r\nConnection: x, Close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b.example:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS http://b.example HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /caf\u{65} HTTP/1.1\r\nHost: a\r\nX: caf\u{E9}\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n\r\n\r\n\r\nX",
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "00a;x;y=z ; q=\"a\\\"b;\"\r\n0123456789\r\nF\r\n0123456789abcde\r\n000\r\nSum: 1\r\nOther: 2\r\n\r\n",
    ]

    @Test(arguments: valid)
    func acceptsTheSameHoweverItIsCut(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = RequestDecoder.decode([bytes])
        #expect(whole.last == .end)
        for cut in 0...bytes.count {
            #expect(RequestDecoder.decode([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(RequestDecoder.decode(bytes.map { [$0] }) == whole)
    }

    @Test func acceptsTheSamePipelined() {
        for first in Self.valid {
            for second in Self.valid {
                let expected = RequestDecoder.decode(first) + RequestDecoder.decode(second)
                #expect(RequestDecoder.decode(first + second) == expected)
            }
        }
        let all = Self.valid.joined()
        let expected = Self.valid.flatMap { RequestDecoder.decode($0) }
        #expect(RequestDecoder.decode(all.utf8.map { [$0] }) == expected)
    }

    /// What comes after the request line `GET / HTTP/1.1` and `Host: a`.
    static let badFields: [(String, Int)] = [
        ("Host: a", 400), ("Host: b", 400), ("X : y", 400), (" X: y", 400), ("\tX: y", 400), (": y", 400),
        ("X y", 400), ("X", 400), ("X\u{0}: y", 400), ("X: \u{0}", 400), ("X: \u{1}", 400), ("X: \u{7F}", 400),
        ("X: a\rb", 400), ("X: a\r", 400), ("X: a\nY: b", 400), ("X: a\r\n b", 400), ("X: a\r\n\tb", 400),
        ("X\t: y", 400),
        ("X@: y", 400), ("\u{E9}: y", 400), ("\r: y", 400),
        ("Content-Length: +1", 400), ("Content-Length: -1", 400), ("Content-Length: 0x1", 400),
        ("Content-Length: 1 1", 400), ("Content-Length: 1,1", 400), ("Content-Length:", 400),
        ("Content-Length: 1_0", 400), ("Content-Length: 9223372036854775808", 400),
        ("Content-Length: 99999999999999999999", 400), ("Content-Length: 1\r\nContent-Length: 2", 400),
        ("Content-Length: 1\r\nContent-Length: 1", 400), ("Content-Length: 1.0", 400), ("Content-Length: a", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1", 400),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked, gzip", 400), ("Transfer-Encoding: chunked, chunked", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", 400), ("Transfer-Encoding:", 400),
        ("Transfer-Encoding: chunked,", 400), ("Transfer-Encoding: ,chunked", 400),
        ("Transfer-Encoding: \"chunked\"", 400), ("Transfer-Encoding: chunked\u{B}", 400),
        ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: gzip", 400),
        ("Transfer-Encoding: identity", 400),
        ("Transfer-Encoding: xchunked", 400), ("Transfer-Encoding: chunked;q=1", 400),
        ("Transfer-Encoding: chunke", 400),
        ("Expect: 200-ok", 417), ("Expect: 100-continue, x", 417),
    ]

    @Test(arguments: badFields)
    func refusesField(_ field: String, _ status: Int) {
        #expect(RequestDecoder.failure("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n") == status)
    }

    static let badStarts: [(String, Int)] = [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a,b\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a/\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\n", 400), ("GET /  HTTP/1.1\r\n", 400), (" GET / HTTP/1.1\r\n", 400), ("GET /\r\n", 400),
        ("GET\t/ HTTP/1.1\r\n", 400), ("GET / HTTP/1.1 \r\n", 400), ("GET / http/1.1\r\n", 400), ("GET\r\n", 400),
        ("GET / HTTP/11\r\n", 400), ("GET / HTTP/1.1.1\r\n", 400), ("GET / HTTP/a.b\r\n", 400),
        ("GET / HTP/1.1\r\n", 400),
        ("G@T / HTTP/1.1\r\n", 400), ("GET a HTTP/1.1\r\n", 400), ("GET * HTTP/1.1\r\n", 400),
        ("GET /#a HTTP/1.1\r\n", 400), ("GET /\u{0} HTTP/1.1\r\n", 400), ("GET /\u{E9} HTTP/1.1\r\n", 400),
        ("GET /% HTTP/1.1\r\n", 400), ("GET /%0g HTTP/1.1\r\n", 400), ("GET /%00 HTTP/1.1\r\n", 400),
        ("GET /\"<> HTTP/1.1\r\n", 400), ("GET ftp://a/ HTTP/1.1\r\n", 400), ("GET http:// HTTP/1.1\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\n", 400), ("GET http:/a HTTP/1.1\r\n", 400), ("GET / HTTP/1.1\n", 400),
        ("\nGET / HTTP/1.1\r\n", 400), ("\rGET / HTTP/1.1\r\n", 400), ("GET / HTTP/1.1\r\r\n", 400),
        ("\r\n\r\n\r\n\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n", 400),
        ("GET / HTTP/2.0\r\n", 505), ("GET / HTTP/0.9\r\n", 505),
        ("PRI * HTTP/2.0\r\n", 505),
        ("BREW / HTTP/1.1\r\n", 501), ("get / HTTP/1.1\r\n", 501), ("CONNECT a:80 HTTP/1.1\r\n", 501),
    ]

    @Test(arguments: badStarts)
    func refusesStart(_ text: String, _ status: Int) {
        #expect(RequestDecoder.failure(text) == status)
    }

    static let badChunks: [(String, Int)] = [
        ("0x5\r\nhello\r\n", 400), ("+5\r\nhello\r\n", 400), ("-5\r\nhello\r\n", 400), ("5_0\r\nhello\r\n", 400),
        ("\r\n", 400),
        ("5 \r\nhello\r\n", 400), (" 5\r\nhello\r\n", 400), ("g\r\n", 400), ("5\nhello\r\n", 400),
        ("5\r\nhello\n", 400),
        ("5\r\nhello!\r\n", 400), ("5\r\nhello\rX", 400), ("8000000000000000\r\n", 400), ("fffffffffffffffff\r\n", 400),
        ("5;\r\n", 400), ("5;a=\r\n", 400), ("5;a=\"b\r\n", 400), ("5;a=\"b\"c\r\n", 400), ("5;\u{0}\r\n", 400),
        ("5 a\r\n", 400),
        ("5;a\rb\r\n", 400), ("5;a=\"\u{1}\"\r\n", 400), ("0\r\nX : y\r\n\r\n", 400), ("0\r\nX: y\n\r\n", 400),
        ("0\r\n X: y\r\n\r\n", 400), ("0\r\n\n", 400),
    ]

    @Test(arguments: badChunks)
    func refusesChunk(_ body: String, _ status: Int) {
        #expect(
            RequestDecoder.failure("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)") == status
        )
    }

    @Test func refusesTheSameHoweverItIsCut() {
        let heads = Self.badFields.map { ("GET / HTTP/1.1\r\nHost: a\r\n\($0.0)\r\n\r\n", $0.1) }
        let chunks = Self.badChunks.map {
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\($0.0)", $0.1)
        }
        for (text, status) in heads + Self.badStarts + chunks {
            #expect(RequestDecoder.decode(text.utf8.map { [$0] }).last == .failure(status), "\(text)")
        }
    }

    @Test(arguments: [
        ("GET /\"a HTTP/1.1\r\n", "the target has a character that must be escaped"),
        ("GET /?a=%zz HTTP/1.1\r\n", "the query has an invalid percent escape"),
        ("GET http://[1] HTTP/1.1\r\n", "the host of the target is no valid IPv6 address"),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "Host has an invalid port"),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "Host has an invalid character"),
        ("GET / HTTP/1.1\r\nX-Y: \u{1}\r\n", "X-Y holds a control character"),
        ("GET / HTTP/1.1\r\nX-Y : a\r\n", "the field name X-Y is followed by a blank"),
        ("GET / HTTP/1.1\r\nX@Y: a\r\n", "the field name X… holds an invalid character"),
        ("GET / HTTP/1.1\r\nContent-Length: +1\r\n", "Content-Length is not a number"),
    ])
    func saysWhatIsWrong(_ text: String, _ detail: String) {
        var decoder = RequestDecoder()
        var offset = 0
        let event = Array(text.utf8).withUnsafeBytes { decoder.next($0, at: &offset) }
        #expect(event == .failure(.malformed(detail)))
    }

    @Test func saysNothingAfterAFailure() {
        let events = RequestDecoder.decode("GET /\r\n" + Self.valid[0])
        #expect(events == [.failure(400)])
    }

    @Test func holdsToItsLimits() {
        var limits = RequestLimits()
        limits.requestLine = 20
        limits.headerBytes = 30
        limits.headerCount = 2
        limits.chunkLine = 8
        limits.chunkExtensions = 6
        func status(_ text: String) -> Int? { RequestDecoder.failure(text, limits: limits) }
        #expect(status("GET /23456 HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
        #expect(status("GET /2345678 HTTP/1.1\r\n") == 414)
        #expect(status("GET /2345678901234567890") == 414)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345\r\n\r\n") == nil)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890\r\n\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nX: 0123456789012345678901234567890") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nA:b\r\nC:d\r\n\r\n") == 431)
        let chunked = "POST / HTTP/1.1\r\nHost:a\r\nTransfer-Encoding:chunked\r\n\r\n"
        limits.headerBytes = 40
        #expect(status(chunked + "1;abc\r\na\r\n0\r\n\r\n") == nil)
        #expect(status(chunked + "1;a=bcdefg\r\n") == 400)
        #expect(status(chunked + "1;abc\r\na\r\n1;abc\r\na\r\n") == 400)
        #expect(status(chunked + "0\r\nA:b\r\nC:d\r\nE:f\r\n\r\n") == 431)
        #expect(status(chunked + "0\r\nA:" + String(repeating: "b", count: 40)) == 431)
    }

    @Test func refusesLargeBodiesBeforeAskingForThem() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        let length = RequestDecoder.decode(head + "Content-Length: 6\r\n\r\nabcdef", bodyLimit: 5)
        #expect(length.count == 2 && length.last == .failure(413))
        let chunked = RequestDecoder.decode(
            head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
            bodyLimit: 5
        )
        #expect(chunked.dropFirst() == [.expectContinue, .body("abc"), .failure(413)])
        let fits = RequestDecoder.decode(head + "Content-Length: 5\r\n\r\nabcde", bodyLimit: 5)
        #expect(fits.dropFirst() == [.expectContinue, .body("abcde"), .end])
    }

    @Test func readsTheHead() throws {
        let text =
            "PUT /a%20b/c?x=1 HTTP/1.1\r\nHost: h:1\r\nAccept: a\r\nX-B: \t v w \r\naccept: b\r\nContent-Length: 3\r\n\r\n"
        let head = RequestHead.parse(text)
        let request = Request(head: head, id: .made(1), remoteAddress: .loopback, body: .none)
        #expect(request.method == .put)
        #expect(request.path == "/a%20b/c")
        #expect(request.segments == ["a b", "c"])
        #expect(request.query["x"] == "1")
        #expect(request.authority == "h:1")
        #expect(request.fields[.accept] == "a, b")
        #expect(request.fields[values: .accept] == ["a", "b"])
        #expect(request.fields[.init("x-b")!] == "v w")
        #expect(request.fields[.eTag] == nil)
        #expect(request.fields.all.count == 5)
        #expect(head.framing == .length(3))
        #expect(head.keepAlive)
    }

    @Test func readsAbsoluteTargets() {
        let head = RequestHead.parse("GET HTTP://b:81?q=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        let request = Request(head: head, id: .made(1), remoteAddress: .loopback, body: .none)
        #expect(request.authority == "b:81")
        #expect(request.path == "/")
        #expect(request.query["q"] == "1")
        #expect(RequestHead.parse("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n").target == .asterisk)
    }

    @Test func knowsWhetherTheConnectionStays() {
        func keepAlive(_ version: String, _ fields: String = "") -> Bool {
            RequestHead.parse("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n").keepAlive
        }
        #expect(keepAlive("1.1"))
        #expect(!keepAlive("1.1", "Connection: close\r\n"))
        #expect(!keepAlive("1.1", "Connection: keep-alive\r\nConnection: CLOSE\r\n"))
        #expect(!keepAlive("1.0"))
        #expect(keepAlive("1.0", "Connection: keep-alive\r\n"))
    }
}
