/// `Host`, and what field lines look like.
extension ConformanceRow {
    static let hosts =
        validHosts.flatMap { [host("9110 §7.2", $0, 200), target("9112 §3.2.2", "http://\($0)/", 200)] }
        + invalidHosts.flatMap { [host("9112 §3.2", $0, 400), target("9112 §3.2.2", "http://\($0)/", 400)] }
        + hostFields

    /// RFC 3986 §3.2.2 and §3.2.3.
    private static let validHosts = [
        "a", "a.example", "A.EXAMPLE.", "127.0.0.1", "256.256.256.256", "a_b-c~d", "!$&'()*+,;=", "%61", "a%2Db",
        "a:80",
        "a:", "a:0", "a:65535", "a:000000080",
        "[::]", "[::1]", "[::1]:80", "[::1]:", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1::8]",
        "[2001:DB8::abcd]", "[0001:0002::]", "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]", "[fe80::1:2]:65535",
        "[v1.a]", "[V1F.a:b-c~d!$&'()*+,;=]", "[v0.::]:80",
    ]

    private static let invalidHosts = [
        "", ":80", "a:b", "a:-1", "a:+1", "a:65536", "a:99999999999999999999", "a:80:80", "a:8 0", "a b",
        "u@a", "u:p@a", "@a", "a@", "a\\b", "a\"", "<a>", "{a}", "a|b", "a^b", "a`b", "a\u{E9}", "%", "a%4", "a%zz",
        "a%00",
        "::1", "1:2:3:4:5:6:7:8",
        "[]", "[", "]", "[::1", "::1]", "[::1]]", "[[::1]]", "[::1]a", "[::1]80", "[::1]:a", "[::1]:65536", "a[::1]",
        "[a]", "[1]", "[1:2]", "[:1]", "[1:]", "[:]", "[:::]", "[1:::2]", "[::1::]", "[1::2::3]", "[12345::]",
        "[00001::]", "[g::]",
        "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4::5:6:7:8]", "[::1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:]",
        "[127.0.0.1]", "[::256.0.0.1]", "[::1.2.3]", "[::1.2.3.4.5]", "[::1.2.3.4:5]", "[::01.2.3.4]",
        "[1:2:3:4:5:6:7:1.2.3.4]", "[::-1]", "[::+1]", "[:: 1]", "[::1%25eth0]", "[fe80::1%eth0]", "[%3A%3A1]",
        "[v]", "[v1]", "[v1.]", "[v.a]", "[vg.a]", "[v1.a/b]", "[v1.[a]]", "[v1.a%41]", "[v1.a@b]",
    ]

    private static let hostFields: [ConformanceRow] = [
        ConformanceRow(section: "9112 §3.2", request: "GET / HTTP/1.1\r\n\r\n", status: 400),
        ConformanceRow(section: "9112 §3.2", request: "GET http://a/ HTTP/1.1\r\n\r\n", status: 400),
        ConformanceRow(section: "9112 §3.2", request: "GET / HTTP/1.0\r\n\r\n", status: 200),
        ConformanceRow(section: "9112 §3.2", request: "GET / HTTP/1.0\r\nHost: [\r\n\r\n", status: 400),
        host("9112 §3.2", "a\r\nHost: a", 400),
        host("9112 §3.2", "a\r\nX: y\r\nhOST: b", 400),
        host("9112 §3.2", "a\r\nHost:", 400),
        host("9112 §3.2", "a, b", 400),
        host("9112 §3.2", "http://a", 400),
        host("9112 §3.2", "a/", 400),
        host("9112 §3.2", "a?b", 400),
        host("9112 §3.2", "a#b", 400),
        host("9110 §5.5", "\ta \t", 200),
        // The target wins, but the field must be valid nevertheless.
        ConformanceRow(section: "9112 §3.2.2", request: "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", status: 200),
        ConformanceRow(section: "9112 §3.2.2", request: "GET http://a/ HTTP/1.1\r\nHost: [\r\n\r\n", status: 400),
        target("9110 §4.2.1", "http:///", 400),
        target("9110 §4.2.4", "http://u@a/", 400),
    ]

    static let fieldLines: [ConformanceRow] =
        ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{C}", "\r", "\u{1F}", "\u{7F}"].flatMap {
            [
                post("9110 §5.5", "X: a\($0)b", 400), post("9110 §5.5", "X: \($0)", 400),
                post("9110 §5.1", "X\($0): a", 400),
            ]
        }
        + [
            "(", ")", ",", "/", ";", "<", "=", ">", "?", "@", "[", "\\", "]", "{", "}", "\"", " ", "\t", "\u{80}",
            "\u{E9}",
        ]
        .flatMap { [post("9110 §5.6.2", "X\($0)Y: a", 400), post("9112 §5.1", "X\($0): a", 400)] }
        + [
            post("9110 §5.6.2", "!#$%&'*+-.^_`|~09AZaz: a", 200),
            post("9110 §5.5", "X:", 200),
            post("9110 §5.5", "X:\t a\u{80}\u{FF}\t b \t", 200),
            post("9112 §5", "X", 400),
            post("9112 §5", ": a", 400),
            post("9112 §5", " : a", 400),
            post("9112 §5.1", "Content-Length : 0", 400),
            post("9112 §5.1", "Transfer-Encoding\t: chunked", 400),
            post("9112 §5.2", "X: a\r\n b", 400),
            post("9112 §5.2", "X: a\r\n\tb: c", 400),
            post("9112 §5.2", "X: a\r\n ", 400),
            post("9112 §5.2", "Transfer-Encoding:\r\n chunked", 400),
            post("9112 §2.2", "X: a\nY: b", 400),
            post("9112 §2.2", "X: a\r", 400),
            post("9110 §5.4", "X: " + String(repeating: "a", count: 40_000), 431),
            post("9110 §5.4", Array(repeating: "X: a", count: 101).joined(separator: "\r\n"), 431),
            post("9110 §10.1.1", "Expect: 200-ok", 417),
            post("9110 §10.1.1", "Expect: 100-continue, 200-ok", 417),
            post("9110 §10.1.1", "Expect: 100-continue\r\nExpect: 200-ok", 417),
            post("9110 §10.1.1", "Expect: 100-continue;a=b", 417),
            post("9110 §10.1.1", "Expect: \"100-continue\"", 417),
            post("9110 §10.1.1", "Expect: 100-CONTINUE\r\nContent-Length: 1", 200, sent: "a", body: "a"),
            post("9110 §10.1.1", "Expect: 100-continue, 100-continue\r\nContent-Length: 1", 200, sent: "a", body: "a"),
            post("9110 §5.6.1.2", "Expect: , 100-continue,\r\nContent-Length: 1", 200, sent: "a", body: "a"),
            post("9110 §5.6.1.2", "Expect:", 200),
        ]
}
