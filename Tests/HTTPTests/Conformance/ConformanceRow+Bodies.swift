/// Where a body ends.
extension ConformanceRow {
    static let bodies = lengths + codings + contentCodings + sizes + chunkExtensions + chunkData + trailers

    private static let lengths: [ConformanceRow] =
        [
            post("9112 §6.3", "X: no body", 200, body: ""),
            post("9110 §8.6", "Content-Length: 0", 200, body: ""),
            post("9110 §8.6", "Content-Length: 5", 200, sent: "hello", body: "hello"),
            post("9110 §8.6", "content-length:\t 005 \t", 200, sent: "hello", body: "hello"),
            post("9110 §8.6", "Content_Length: 5", 200, body: ""),
            post("9110 §8.6", "Content-Length: 9223372036854775807", 413),
            post("9112 §6.3", "Content-Length: 9223372036854775808", 400),
            post("9112 §6.3", "Content-Length: 18446744073709551616", 400),
            post("9112 §6.3", "Content-Length: " + String(repeating: "9", count: 100), 400),
            post("9112 §6.3", "Content-Length:", 400),
            post("9112 §6.3", "Content-Length: 5, 5", 400),
            post("9112 §6.3", "Content-Length: 5,", 400),
            post("9112 §6.3", "Content-Length: 5\r\nContent-Length: 5", 400),
            post("9112 §6.3", "Content-Length: 5\r\nContent-Length: 6", 400),
            post("9112 §6.3", "Content-Length: 5\r\nContent-Length:", 400),
        ]
        + [
            "+5", "-5", "-0", "5 5", "5\t5", "0x5", "0o5", "5_0", "5.0", "5e0", "5;a", "\"5\"", "a", "\u{B}5", "5\u{0}",
            "\u{B2}",
        ]
        .map { post("9112 §6.3", "Content-Length: \($0)", 400) }

    private static let hello = "5\r\nhello\r\n0\r\n\r\n"

    private static let contentCodings: [ConformanceRow] = [
        post("9110 §8.4.1", "Content-Encoding: Identity\r\nContent-Length: 1", 200, sent: "x", body: "x"),
        post("9110 §5.6.1", "Content-Encoding: ,\r\nContent-Length: 1", 200, sent: "x", body: "x"),
        post("9110 §8.4.1", "Content-Encoding: gzip\r\nContent-Length: 1", 400, sent: "x"),
        post("9110 §8.4.1", "Content-Encoding: X-GZip\r\nContent-Length: 1", 400, sent: "x"),
        post("9110 §15.5.16", "Content-Encoding: br\r\nContent-Length: 1", 415, sent: "x"),
        post("9110 §15.5.16", "Content-Encoding: gzip, gzip\r\nContent-Length: 1", 415, sent: "x"),
        post("9110 §15.5.16", "Content-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: 1", 415, sent: "x"),
        post("9110 §8.4", "Content-Encoding: br", 200, body: ""),
    ]

    private static let codings: [ConformanceRow] = [
        post("9112 §7", "Transfer-Encoding: Chunked", 200, sent: hello, body: "hello"),
        post("9112 §7", "Transfer-Encoding:\tchunked\t", 200, sent: hello, body: "hello"),
        post("9112 §6.1", "Transfer_Encoding: chunked", 200, body: ""),
        post("9112 §6.1", "Transfer-Encoding: gzip, chunked", 501),
        post("9112 §6.1", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        post("9112 §6.3", "Transfer-Encoding: gzip", 400),
        post("9112 §6.3", "Transfer-Encoding: identity", 400),
        post("9112 §6.3", "Transfer-Encoding: xchunked", 400),
        post("9112 §6.3", "Transfer-Encoding: chunkedchunked", 400),
        post("9112 §7", "Transfer-Encoding: chunked chunked", 400),
        // The coding has no parameters.
        post("9112 §7.1", "Transfer-Encoding: chunked;a=b", 400),
        post("9112 §6.1", "Transfer-Encoding: chunked;a=b, chunked", 501),
        post("9112 §6.3", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked;a=b", 400),
        post("9112 §6.1", "Transfer-Encoding: chunked, chunked", 400),
        post("9112 §6.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        post("9112 §6.3", "Transfer-Encoding: chunked, gzip", 400),
        post("9112 §6.3", "Transfer-Encoding: chunked, identity", 400),
        post("9112 §6.3", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", 400),
        post("9112 §6.1", "Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
        post("9112 §6.1", "Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        post("9112 §6.1", "Content-Length: 0\r\nTransfer-Encoding: chunked", 400),
        post("9112 §6.1", "Content-Length: 5\r\nTransfer-Encoding: identity", 400),
        post("9112 §6.1", "Content-Length: 5\r\nTransfer-Encoding:", 400),
        post("9112 §6.1", "Transfer-Encoding:", 400),
        post("9112 §6.1", "Transfer-Encoding: \"chunked\"", 400),
        post("9112 §6.1", "Transfer-Encoding: \u{B}chunked", 400),
        post("9112 §6.1", "Transfer-Encoding: chunked\u{0}", 400),
        // Lists may have empty members (9110 §5.6.1.2), but on the way here not everyone knows.
        post("9112 §11.2", "Transfer-Encoding: , chunked", 400),
        post("9112 §11.2", "Transfer-Encoding: chunked,", 400),
        ConformanceRow(
            section: "9112 §6.1",
            request: "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(hello)", status: 400),
        ConformanceRow(
            section: "9110 §2.5",
            request: "POST /echo HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(hello)", status: 200,
            body: "hello"),
    ]

    private static let sizes: [ConformanceRow] =
        [
            chunks("9112 §7.1", "0\r\n\r\n", 200, body: ""),
            chunks("9112 §7.1", hello, 200, body: "hello"),
            chunks("9112 §7.1", "2\r\nhe\r\n3\r\nllo\r\n000\r\n\r\n", 200, body: "hello"),
            chunks("9112 §7.1", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, body: "01234567890123456789"),
            chunks("9112 §7.1", "0000000000000005\r\nhello\r\n0\r\n\r\n", 200, body: "hello"),
            chunks("9112 §7.1", "00000000000000005\r\nhello\r\n0\r\n\r\n", 400),
            chunks("9112 §7.1", String(repeating: "0", count: 17) + "\r\n\r\n", 400),
            chunks("9112 §7.1", "7fffffffffffffff\r\n", 413),
            chunks("9112 §7.1", "8000000000000000\r\n", 400),
            chunks("9112 §7.1", "ffffffffffffffff\r\n", 400),
            chunks("9112 §7.1", "10000000000000005\r\nhello\r\n0\r\n\r\n", 400),
            chunks("9112 §7.1", String(repeating: "f", count: 300) + "\r\n", 400),
            chunks("9112 §7.1", "\r\nhello\r\n", 400),
            chunks("9112 §2.2", "5\nhello\r\n0\r\n\r\n", 400),
            chunks("9112 §2.2", "5\rhello\r\n0\r\n\r\n", 400),
        ]
        + [
            "+5", "-5", "0x5", "5h", "g", "5_", "5.0", " 5", "\t5", "5 ", "5\t", "5 5", "\u{B}5", "5\u{0}", "\"5\"",
            "5,5",
        ].map {
            chunks("9112 §7.1", "\($0)\r\nhello\r\n0\r\n\r\n", 400)
        }

    private static let chunkExtensions: [ConformanceRow] =
        [";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"\\\"; \t\u{E9}\"", ";a;b=c", " ;\ta = b ; c", ";!#$%&'*+-.^_`|~=1"]
        .map {
            chunks("9112 §7.1.1", "5\($0)\r\nhello\r\n0\($0)\r\n\r\n", 200, body: "hello")
        }
        + [
            ";", ";;a", ";a;", ";a=", ";=b", ";a=b=c", ";a b", ";a=b c", ";a=\"b", ";a=\"b\"c", ";a=b\"c\"",
            ";a=\"\\\"", ";a ",
            ";a=\"\u{0}\"", ";a=\"\u{7F}\"", ";a=\"\r\"", ";a\r", ";a\u{E9}", ";a@", "=a", " a", ",a",
        ].map { chunks("9112 §7.1.1", "5\($0)\r\nhello\r\n0\r\n\r\n", 400) }
        + [
            chunks("9112 §2.2", "5;a\nhello\r\n0\r\n\r\n", 400),
            chunks("9112 §7.1.1", "5;" + String(repeating: "a", count: 1_000) + "\r\nhello\r\n0\r\n\r\n", 400),
            chunks(
                "9112 §7.1.1", String(repeating: "1;" + String(repeating: "a", count: 200) + "\r\nx\r\n", count: 30),
                400),
        ]

    private static let chunkData: [ConformanceRow] = [
        chunks("9112 §7.1", "5\r\nhello0\r\n\r\n", 400),
        chunks("9112 §7.1", "5\r\nhello \r\n0\r\n\r\n", 400),
        chunks("9112 §7.1", "5\r\nhello\n0\r\n\r\n", 400),
        chunks("9112 §7.1", "5\r\nhello\r0\r\n\r\n", 400),
        chunks("9112 §7.1", "4\r\nhello\r\n0\r\n\r\n", 400),
        chunks("9112 §7.1", "6\r\nhello\r\n0\r\n\r\n", 400),
        chunks("9112 §7.1", "7\r\nhello\r\n\r\n0\r\n\r\n", 200, body: "hello\r\n"),
    ]

    private static let trailers: [ConformanceRow] = [
        chunks("9112 §7.1.2", "5\r\nhello\r\n0\r\nSum: 1\r\nOther:\r\n\r\n", 200, body: "hello"),
        // What they say about framing and routing does not count any more.
        chunks("9110 §6.5.1", "5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n", 200, body: "hello"),
        chunks("9110 §6.5.1", "5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\nHost: [\r\n\r\n", 200, body: "hello"),
        chunks("9112 §7.1.2", "0\r\nX : a\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\n X: a\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\nX: a\r\n b\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\nX\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\n: a\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\nX@: a\r\n\r\n", 400),
        chunks("9112 §7.1.2", "0\r\nX: \u{0}\r\n\r\n", 400),
        chunks("9112 §2.2", "0\r\nX: a\n\r\n", 400),
        chunks("9112 §2.2", "0\r\n\n", 400),
        chunks("9112 §2.2", "0\r\n\r\r\n", 400),
        chunks("9110 §5.4", "0\r\n" + String(repeating: "X: a\r\n", count: 101) + "\r\n", 431),
    ]
}
