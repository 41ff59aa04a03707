/// Ranges (RFC 9110 §14), and what is said about files.
extension ConformanceRow {
    static let files = ranges + unsatisfiable + ignored + ifRange + metadata

    private static let tag = ConformanceResources.tag
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    private static let ranges: [ConformanceRow] = [
        ("bytes=0-4", "0-4", "01234"), ("bytes=0-0", "0-0", "0"), ("bytes=9-9", "9-9", "9"),
        ("bytes=5-", "5-9", "56789"),
        ("bytes=0-", "0-9", "0123456789"), ("bytes=0-9", "0-9", "0123456789"), ("bytes=8-99", "8-9", "89"),
        ("bytes=8-99999999999999999999999", "8-9", "89"), ("bytes=007-8", "7-8", "78"),
        ("bytes=-1", "9-9", "9"), ("bytes=-3", "7-9", "789"), ("bytes=-10", "0-9", "0123456789"),
        ("bytes=-11", "0-9", "0123456789"), ("bytes=-99999999999999999999999", "0-9", "0123456789"),
        ("Bytes=2-3", "2-3", "23"), ("bytes=,\t2-3 ,", "2-3", "23"),
    ].map { range, bytes, body in
        ask(
            "9110 §14.1.2", "GET /digits.txt", "Range: \(range)", status: 206,
            [
                "Content-Range": "bytes \(bytes)/10", "Accept-Ranges": "bytes", "ETag": tag, "Last-Modified": date,
                "Cache-Control": "no-cache", "Content-Type": "text/plain; charset=utf-8",
            ], body: body)
    }

    private static let unsatisfiable: [ConformanceRow] =
        ["bytes=10-", "bytes=10-10", "bytes=99-", "bytes=99999999999999999999999-", "bytes=-0", "bytes=-000"].map {
            ask("9110 §15.5.17", "GET /digits.txt", "Range: \($0)", status: 416, ["Content-Range": "bytes */10"])
        } + [
            ask("9110 §15.5.17", "GET /empty.txt", "Range: bytes=0-", status: 416, ["Content-Range": "bytes */0"]),
            ask("9110 §15.5.17", "GET /empty.txt", "Range: bytes=-0", status: 416, ["Content-Range": "bytes */0"]),
            // The last byte of an empty file is all of it, which no Content-Range can say.
            ask("9110 §14.1.2", "GET /empty.txt", "Range: bytes=-1", status: 200, ["Content-Range": nil], body: ""),
        ]

    /// Answered with the whole file (RFC 9110 §14.2).
    private static let ignored: [ConformanceRow] =
        [
            "", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes=0", "bytes=0-4x", "bytes=+0-4",
            "bytes=0--4",
            "bytes=--4", "bytes=0-4-5", "bytes= 0 - 4", "bytes=0x0-4", "bytes =0-4", "bytes:0-4", "0-4", "chars=0-4",
            "seconds=99-",
            "bytes=0-1,3-4", "bytes=0-1, 99-", "none",
        ].map {
            ask(
                "9110 §14.2", "GET /digits.txt", "Range: \($0)", status: 200,
                ["Content-Range": nil, "Accept-Ranges": "bytes"], body: "0123456789")
        } + [
            ask(
                "9110 §14.2", "GET /digits.txt", "Range: bytes=0-1", "Range: bytes=3-4", status: 200, body: "0123456789"
            ),
            ask("9110 §14.2", "HEAD /digits.txt", "Range: bytes=0-1", status: 200, ["Content-Range": nil]),
            ask("9110 §14.2", "HEAD /digits.txt", "Range: bytes=99-", status: 200, ["Content-Range": nil]),
            ask("9110 §14.2", "GET /", "Range: bytes=0-1", status: 200, ["Content-Range": nil, "Accept-Ranges": nil]),
            ask("9110 §14.2", "PUT /strong", "Range: bytes=0-1", status: 200, ["Content-Range": nil]),
        ]

    private static let ifRange: [ConformanceRow] =
        [tag, date, "Sunday, 06-Nov-94 08:49:37 GMT"].map {
            ask(
                "9110 §13.1.5", "GET /digits.txt", "If-Range: \($0)", "Range: bytes=0-1", status: 206,
                ["Content-Range": "bytes 0-1/10"], body: "01")
        }
        // Strong comparison of one tag, and of dates whether they are equal.
        + [
            "W/\(tag)", "\"b\"", "*", "", "\(tag), \"b\"", "x", "Sun, 06 Nov 1994 08:49:36 GMT",
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "\(date), \(date)",
        ].map {
            ask(
                "9110 §13.1.5", "GET /digits.txt", "If-Range: \($0)", "Range: bytes=0-1", status: 200,
                ["Content-Range": nil], body: "0123456789")
        } + [
            ask("9110 §13.1.5", "GET /digits.txt", "If-Range: \"b\"", status: 200, body: "0123456789"),
            ask(
                "9110 §13.1.5", "GET /digits.txt", "If-Range: \"b\"", "Range: bytes=99-", status: 200,
                body: "0123456789"),
            ask("9110 §13.1.5", "GET /digits.txt", "If-Range: \(tag)", "Range: bytes=99-", status: 416),
        ]

    private static let immutable = "public, max-age=31536000, immutable"

    private static let metadata: [ConformanceRow] =
        [
            ask(
                "9110 §8.8", "GET /digits.txt", status: 200,
                [
                    "ETag": tag, "Last-Modified": date, "Accept-Ranges": "bytes", "Cache-Control": "no-cache",
                    "Content-Type": "text/plain; charset=utf-8",
                ], body: "0123456789"),
            ask(
                "9110 §9.3.2", "HEAD /digits.txt", status: 200,
                [
                    "ETag": tag, "Last-Modified": date, "Accept-Ranges": "bytes", "Cache-Control": "no-cache",
                    "Content-Type": "text/plain; charset=utf-8",
                ]),
            // What this server does not do, it does not begin.
            ask("9110 §7.8", "GET /", "Connection: upgrade", "Upgrade: websocket", status: 200, ["Upgrade": nil]),
            ask("9110 §9.3.4", "PUT /digits.txt", status: 404, ["Allow": nil]),
            ask("9110 §15.5.6", "PUT /", status: 405, ["Allow": "GET, HEAD, OPTIONS"]),
            ask("9110 §9.3.7", "OPTIONS /echo", status: 204, ["Allow": "OPTIONS, POST"]),
            ask("8246 §2", "GET /app.3f2a9c1b.js", "If-None-Match: *", status: 304, ["Cache-Control": immutable]),
        ]
        + ["app.3f2a9c1b.js", "app-0a1b2c3d4e5f.css"].map {
            ask("8246 §2", "GET /\($0)", status: 200, ["Cache-Control": immutable])
        }
        + [
            "app-3f2a9c1.js", "app-20240101.txt", "app-deadbeef.txt", "3f2a9c1b.js", "app.3f2a9c1b", "app-settings2.js",
        ].map { ask("8246 §2", "GET /\($0)", status: 200, ["Cache-Control": "no-cache"]) }
}
