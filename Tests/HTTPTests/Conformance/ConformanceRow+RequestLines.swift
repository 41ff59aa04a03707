/// Methods, targets and versions.
extension ConformanceRow {
    static let requestLines = methods + targets + escapes + versions + lineBreaks

    private static let methods: [ConformanceRow] = [
        line("9110 §9.1", "HEAD / HTTP/1.1", 200),
        line("9110 §9.1", "PUT / HTTP/1.1", 405),
        line("9110 §9.1", "get / HTTP/1.1", 501),
        line("9110 §9.1", "Get / HTTP/1.1", 501),
        line("9110 §9.1", "BREW / HTTP/1.1", 501),
        line("9110 §9.1", "GETS / HTTP/1.1", 501),
        line("9110 §5.6.2", "!#$%&'*+-.^_`|~09AZ / HTTP/1.1", 501),
        line("9110 §9.3.6", "CONNECT a:80 HTTP/1.1", 501),
        line("9110 §9.3.8", "TRACE / HTTP/1.1", 405),
        line("9112 §3", String(repeating: "M", count: 64) + " / HTTP/1.1", 501),
        line("9112 §3", String(repeating: "M", count: 8_000) + " / HTTP/1.1", 501),
        line("9112 §3", String(repeating: "M", count: 100_000) + " / HTTP/1.1", 501),
        line("9112 §3", String(repeating: "M", count: 100_000) + "@ / HTTP/1.1", 501),
        line("9112 §3", "G@T / HTTP/1.1", 400),
        line("9112 §3", "\"GET\" / HTTP/1.1", 400),
        line("9112 §3", "G\u{E9}T / HTTP/1.1", 400),
        line("9112 §3", " / HTTP/1.1", 400),
        line("9112 §3", " GET / HTTP/1.1", 400),
        line("9112 §3", "GET  / HTTP/1.1", 400),
        line("9112 §3", "GET\t/ HTTP/1.1", 400),
        line("9112 §3", "GET HTTP/1.1", 400),
        line("9112 §3", "GET /  HTTP/1.1", 400),
        line("9112 §3", "GET / HTTP/1.1 ", 400),
        line("9112 §3", "GET", 400),
        line("9112 §3", "GET /" + String(repeating: "a", count: 8_000) + " HTTP/1.1", 404),
        line("9112 §3", "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1", 414),
    ]

    private static let targets: [ConformanceRow] =
        [
            line("9112 §3.2.1", "GET /?a=b HTTP/1.1", 200, body: "root"),
            line("9112 §3.2.2", "GET http://b HTTP/1.1", 200, body: "root"),
            line("9112 §3.2.2", "GET HTTP://b:81/?c HTTP/1.1", 200, body: "root"),
            line("9112 §3.2.2", "GET https://b/ HTTP/1.1", 200, body: "root"),
            line("9112 §3.2.4", "OPTIONS * HTTP/1.1", 204),
            line("9112 §3.2.4", "OPTIONS http://b HTTP/1.1", 204),
            target("9112 §3.2.4", "*", 400),
            line("9112 §3.2.4", "OPTIONS *?a HTTP/1.1", 400),
            target("9112 §3.2.1", "index.html", 400),
            target("9112 §3.2.1", "?a", 400),
            target("9112 §3.2.3", "a:80", 400),
            target("9112 §3.2.2", "ftp://a/", 400),
            target("9112 §3.2.2", "http:/a", 400),
            target("9112 §3.2.2", "//a/", 404),
            target("9110 §7.1", "/#a", 400),
            target("9110 §7.1", "http://a/#b", 400),
            // RFC 3986 appendix A: all that may stand there unescaped.
            target("3986 §3.3", "/az-AZ.09_~!$&'()*+,;=:@/", 404),
            target("3986 §3.4", "/?az-AZ.09_~!$&'()*+,;=:@/?", 200),
            // Brackets belong into hosts only, but clients that write lists as `a[]=1` do not escape them.
            target("3986 §3.4", "/?a[]=1", 200),
        ]
        + [
            " ", "\"", "<", ">", "\\", "^", "`", "{", "|", "}", "\t", "\u{0}", "\u{1}", "\u{1F}", "\u{7F}", "\u{80}",
            "\u{E9}",
            "\u{FF}",
        ].flatMap {
            [
                target("3986 §A", "/a\($0)b", 400), target("3986 §A", "/?a\($0)b", 400),
                target("3986 §A", "http://a\($0)b/", 400),
            ]
        }

    private static let escapes: [ConformanceRow] =
        ["%", "%4", "%zz", "%4g", "%g4", "%%41", "%u0041", "% 41"].flatMap {
            [
                target("3986 §2.1", "/\($0)", 400), target("3986 §2.1", "/?a=\($0)", 400),
                target("3986 §2.1", "/?\($0)=a", 400), target("3986 §2.1", "http://\($0)/", 400),
            ]
        } + [
            target("3986 §2.1", "/%41%c3%A9", 404),
            target("3986 §2.1", "/?a=%41%c3%A9%00", 200),
            line("3986 §6.2.2.2", "POST /%65ch%6F HTTP/1.1", 200),
            // No file and no name has a NUL, and what is written in C would see its end there.
            target("3986 §7.3", "/a%00", 400),
            target("9112 §3", "/a%0d%0ab", 404),
        ]

    private static let versions: [ConformanceRow] = [
        line("9110 §2.5", "GET / HTTP/1.0", 200),
        line("9110 §2.5", "GET / HTTP/1.2", 200),
        line("9110 §2.5", "GET / HTTP/1.9", 200),
        ConformanceRow(section: "9110 §2.5", request: "GET / HTTP/1.2\r\n\r\n", status: 400),
        line("9110 §15.6.6", "GET / HTTP/0.9", 505),
        line("9110 §15.6.6", "GET / HTTP/0.0", 505),
        line("9110 §15.6.6", "GET / HTTP/2.0", 505),
        line("9110 §15.6.6", "GET / HTTP/3.0", 505),
        line("9110 §15.6.6", "GET / HTTP/9.1", 505),
        line("9110 §15.6.6", "PRI * HTTP/2.0", 505),
        line("9112 §2.3", "GET /", 400),
        line("9112 §2.3", "GET / ", 400),
        line("9112 §2.3", "GET / http/1.1", 400),
        line("9112 §2.3", "GET / HTTP/1", 400),
        line("9112 §2.3", "GET / HTTP/2", 400),
        line("9112 §2.3", "GET / HTTP/11", 400),
        line("9112 §2.3", "GET / HTTP/1.", 400),
        line("9112 §2.3", "GET / HTTP/.1", 400),
        line("9112 §2.3", "GET / HTTP/1,1", 400),
        line("9112 §2.3", "GET / HTTP/1.10", 400),
        line("9112 §2.3", "GET / HTTP/01.1", 400),
        line("9112 §2.3", "GET / HTTP/1.1.1", 400),
        line("9112 §2.3", "GET / HTTP/1.a", 400),
        line("9112 §2.3", "GET / HTTP/+1.1", 400),
        line("9112 §2.3", "GET / HTTP/ 1.1", 400),
        line("9112 §2.3", "GET / HTTP 1.1", 400),
        line("9112 §2.3", "GET / HTP/1.1", 400),
        line("9112 §2.3", "GET / HTTPS/1.1", 400),
        line("9112 §2.3", "GET / ICE/1.0", 400),
        line("9112 §2.3", "GET / RTSP/1.0", 400),
    ]

    private static let lineBreaks: [ConformanceRow] = [
        line("9112 §2.2", "\r\nGET / HTTP/1.1", 200),
        line("9112 §2.2", "\nGET / HTTP/1.1", 400),
        line("9112 §2.2", "\rGET / HTTP/1.1", 400),
        line("9112 §2.2", "GET / HTTP/1.1\r", 400),
        line("9112 §2.2", "GET /\rHTTP/1.1", 400),
        line("9112 §2.2", "GET / HTTP/1.1\rX: y", 400),
        line("9112 §2.2", "GET / HTTP/1.1\nX: y", 400),
        line("9112 §2.2", "GET / HTTP/1.1\r\n X: y", 400),
        line("9112 §2.2", "GET / HTTP/1.1\r\n\tX: y", 400),
        line("9112 §2.2", "GET / HTTP/1.1\r\n ", 400),
    ]
}
