"""Requests that servers and proxies have been known to see differently, each as it goes over the wire.

In them `{id}` becomes a mark of the request, and `{inner}` a whole request with another mark that stands where only one who
takes the body for shorter than it is, or overlooks it, sees a request.
"""

INNER = "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: {inner_id}\r\n\r\n"


def head(line="POST / HTTP/1.1", *fields, host="Host: a"):
    # Between the mark and the fields stands what a folded line may become a part of.
    return "".join(part + "\r\n" for part in (line, *([host] if host else []), "X-Request-Id: {id}", "A: b", *fields)) + "\r\n"


def lengths():
    sent = len(INNER.replace("{inner_id}", "")) + 20
    values = [
        "5", " 5", "5 ", "\t5\t", "05", "+5", "-5", "5,5", "5, 5", "5,6", "0x5", "5;", "5 5", "", "5.0", "5e0", "\x0b5", "5\x00",
        "\xb2", "18446744073709551621", "9223372036854775808", "99999999999999999999999", "0", "00", "-0",
    ]
    for value in values:
        yield head("POST / HTTP/1.1", f"Content-Length: {value}") + "hello"
        yield head("POST / HTTP/1.1", f"Content-Length: {value}") + "{inner}"
    for first, second in [("5", "5"), ("5", "6"), ("0", "5"), ("5", "0"), ("5", ""), (str(sent), "0"), ("0", str(sent))]:
        yield head("POST / HTTP/1.1", f"Content-Length: {first}", f"Content-Length: {second}") + "hello{inner}"
        yield head("POST / HTTP/1.1", f"Content-Length: {first}", "X: y", f"content-length: {second}") + "{inner}"
    for name in ["Content-Length ", " Content-Length", "Content_Length", "Content-Length\t", "Content-\x00Length", "Content-Length\x0b"]:
        yield head("POST / HTTP/1.1", f"{name}: 5") + "hello"
        yield head("POST / HTTP/1.1", f"{name}: {{length}}") + "{inner}"


CODINGS = [
    "chunked", "Chunked", "CHUNKED", " chunked", "chunked ", "\tchunked\t", "", "identity", "gzip", "gzip, chunked", "chunked, gzip",
    "chunked, identity", "identity, chunked", "chunked, chunked", ",chunked", "chunked,", "chunked;q=1", "\"chunked\"", "xchunked",
    "chunkedx", "chunked chunked", "\x0bchunked", "\x0cchunked", "chunked\x00", "chunked\x0b", "\r\n chunked", "\r\n\tchunked", "\n chunked",
    "chu\tnked", "chunked\xa0", "\x85chunked", "chunKed", "'chunked'", "cow", "trailers", "deflate;a=b, chunked",
]
NAMES = [
    "Transfer-Encoding", "transfer-encoding", "Transfer_Encoding", "Transfer-Encoding ", " Transfer-Encoding", "\tTransfer-Encoding",
    "Transfer-Encoding\t", "Transfer-Encoding\x00", "Transfer\x00-Encoding", "X: y\n Transfer-Encoding", "X: y\nTransfer-Encoding",
    "X: y\rTransfer-Encoding", "X: y\r\n Transfer-Encoding", "\rTransfer-Encoding", "Transfer-Encoding\r", "Transfer-Encodin\u00e7",
    "Transfer-Encoding\x0b", "\x00Transfer-Encoding",
]


def codings():
    hello = "5\r\nhello\r\n0\r\n\r\n"
    for coding in CODINGS:
        yield head("POST / HTTP/1.1", f"Transfer-Encoding:{coding}") + hello
        # One sees chunks, and the request behind their end; the other a body of so many bytes.
        yield head("POST / HTTP/1.1", "Content-Length: {length+5}", f"Transfer-Encoding: {coding}") + "0\r\n\r\n{inner}"
        yield head("POST / HTTP/1.1", f"Transfer-Encoding: {coding}", "Content-Length: 4") + "{hex}\r\n{inner}\r\n0\r\n\r\n"
        yield head("POST / HTTP/1.0", "Connection: keep-alive", f"Transfer-Encoding: {coding}") + hello
    for name in NAMES:
        yield head("POST / HTTP/1.1", f"{name}: chunked") + hello
        yield head("POST / HTTP/1.1", "Content-Length: {length+5}", f"{name}: chunked") + "0\r\n\r\n{inner}"
        yield head("POST / HTTP/1.1", f"{name}: chunked", "Content-Length: 4") + "{hex}\r\n{inner}\r\n0\r\n\r\n"
    for first, second in [("chunked", "chunked"), ("chunked", "identity"), ("identity", "chunked"), ("gzip", "chunked"), ("chunked", "cow"), ("", "chunked")]:
        yield head("POST / HTTP/1.1", f"Transfer-Encoding: {first}", f"Transfer-Encoding: {second}") + hello
        yield head("POST / HTTP/1.1", f"Transfer-Encoding: {first}", "Content-Length: 5", f"Transfer-Encoding: {second}") + hello + "{inner}"


def chunks():
    bodies = [
        "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", "000005\r\nhello\r\n0000\r\n\r\n",
        "A\r\nabcdefghij\r\n0\r\n\r\n", "a\r\nabcdefghij\r\n0\r\n\r\n", "5;a\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0;c=d\r\n\r\n",
        "5 ; a = b\r\nhello\r\n0\r\n\r\n", "5;a=\"b c\"\r\nhello\r\n0\r\n\r\n", "5;a=\"b\\\"c\"\r\nhello\r\n0\r\n\r\n", "5;\r\nhello\r\n0\r\n\r\n",
        "5;a=\"\r\nhello\r\n0\r\n\r\n", "5;a=\"b\r\n\"\r\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "\t5\r\nhello\r\n0\r\n\r\n", "5\t\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n", "5\rhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\r0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "100000005\r\nhello\r\n0\r\n\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "8000000000000000\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n00\r\n\r\n", "5\r\nhello\r\n0 \r\n\r\n",
        "5\x00\r\nhello\r\n0\r\n\r\n", "5,5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\n\r\n", "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
        "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\nHost: b\r\nX-Request-Id: trailer\r\n\r\n", "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\nA: b\r\n\r\n", "5\r\nhello\r\n0\r\n X: y\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\n Z: folded\r\n\r\n", "5\r\nhello\r\n0\r\nnone\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: \x00\r\n\r\n", "0;a\r\n\r\n", "0\r\n\r\n\r\n",
    ]
    for body in bodies:
        yield head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + body
        yield head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + body + "{inner}"


def lines():
    for target in ["/", "/?a=b", "//", "//b/", "/%2F", "/%00", "/%zz", "/.", "/..", "/a/../", "/#x", "/\\", "/\x80", "/a b", "/?\x7f", "*", "a", "", "?",
                   "http://a/", "http://b/", "HTTP://A/", "https://a/", "http://a", "http://a?x", "http://u@a/", "http:///", "ftp://a/", "a:80",
                   "/{}|", "/[x]", "/\"x\"", "/%2e%2e/"]:
        for method in ["GET", "OPTIONS"]:
            yield head(f"{method} {target} HTTP/1.1")
        yield head(f"POST {target} HTTP/1.1", "Content-Length: 5") + "hello{inner}"
    for version in ["HTTP/1.0", "HTTP/1.2", "HTTP/1.10", "HTTP/01.1", "HTTP/2.0", "HTTP/3", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/1,1", "", "HTTP/11", "HTTP /1.1"]:
        yield head(f"GET / {version}")
        yield head(f"POST / {version}", "Connection: keep-alive", "Content-Length: 5") + "hello{inner}"
    for method in ["HEAD", "PUT", "DELETE", "PATCH", "TRACE", "QUERY", "CONNECT", "get", "BREW", "G\x00T", "GE T", " GET", "\tGET", "\"GET\"", "M-SEARCH", "PRI"]:
        yield head(f"{method} / HTTP/1.1")
        yield head(f"{method} / HTTP/1.1", "Content-Length: 5") + "hello{inner}"
        yield head(f"{method} / HTTP/1.1", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n{inner}"
    for line in ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/\tHTTP/1.1", "GET / HTTP/1.1\t", "\r\nGET / HTTP/1.1", "\nGET / HTTP/1.1", "\r\n\r\n\r\nGET / HTTP/1.1",
                 " \r\nGET / HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\nX: y", "GET / HTTP/1.1\r\n", "GET /\x0bHTTP/1.1"]:
        yield head(line)
        yield head(line, "Content-Length: {length}") + "{inner}"


def fields():
    for host in [None, "Host:", "Host: a\r\nHost: a", "Host: a\r\nHost: b", "Host: a, b", "Host: a b", "Host: a:80", "Host: a:", "Host: a:b", "Host: [::1]", "Host: [::1]:80",
                 "Host: u@a", "Host: a/b", "Host: a?b", "Host: a#b", "Host: a\\b", "Host : a", " Host: a", "Host\t: a", "Host: a\x00", "Host: \x80", "Host: a\r\n b", "host: A.",
                 "Host: %61", "Host: a:65536", "Host: ..", "X: y\nHost: a"]:
        yield head("GET / HTTP/1.1", host=host)
        yield head("GET / HTTP/1.0", "Connection: keep-alive", host=host)
        yield head("GET http://a/ HTTP/1.1", host=host)
        yield head("POST / HTTP/1.1", "Content-Length: 5", host=host) + "hello{inner}"
    for field in ["X: y\r\n z", "X: y\r\n\tz", "X:\r\n y", "X: y\r z", "X: y\nZ: z", "X: y\n\r\nGET / HTTP/1.1", "X", "X y", ": y", "X : y", "X\t: y", "X\x00: y", "X: \x00", "X: \x01",
                  "X: \x7f", "X: \x80\xff", "\x80: y", "X(y): z", "X,y: z", "X:", "X::", "X: y\r", "\r", "X: \r\r", "X: " + "y" * 4000]:
        yield head("GET / HTTP/1.1", field)
        yield head("POST / HTTP/1.1", field, "Content-Length: {length}") + "{inner}"
        yield head("POST / HTTP/1.1", field, "Transfer-Encoding: chunked") + "0\r\n\r\n{inner}"
    for value in ["close", "keep-alive", "Close", "close, keep-alive", "keep-alive, close", "close,close", ",close", "X", "Content-Length", "Host", "Transfer-Encoding", "upgrade",
                  "Content-Length, close", "Transfer-Encoding, keep-alive", "\"close\"", "clo se"]:
        yield head("GET / HTTP/1.1", f"Connection: {value}")
        yield head("POST / HTTP/1.1", f"Connection: {value}", "Content-Length: 5") + "hello{inner}"
        yield head("POST / HTTP/1.1", f"Connection: {value}", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n{inner}"
    for value in ["100-continue", "100-Continue", "100-continue, 100-continue", "x", "", "100-continue;a"]:
        yield head("GET / HTTP/1.1", f"Expect: {value}")
        yield head("POST / HTTP/1.1", f"Expect: {value}", "Content-Length: 5") + "hello{inner}"
        yield head("POST / HTTP/1.1", f"Expect: {value}", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n{inner}"
        yield head("POST /none HTTP/1.1", f"Expect: {value}", "Content-Length: {length}") + "{inner}"
        yield head("POST / HTTP/1.0", f"Expect: {value}", "Connection: keep-alive", "Content-Length: 5") + "hello{inner}"
    for fields in [["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"], ["Upgrade: websocket", "Connection: Upgrade"], ["TE: trailers", "Connection: TE"],
                   ["Trailer: X"], ["Content-Encoding: chunked"], ["X-Forwarded-For: 6.6.6.6"], ["X-Forwarded-For: 6.6.6.6, 127.0.0.1"], ["X-Forwarded-For: unknown"],
                   ["Forwarded: for=6.6.6.6"], ["Forwarded: for=\"6.6.6.6"], ["X-HTTP-Method-Override: DELETE"]]:
        yield head("GET / HTTP/1.1", *fields)
        yield head("POST / HTTP/1.1", *fields, "Content-Length: 5") + "hello{inner}"
        yield head("GET / HTTP/1.1", *fields, "Content-Length: {length}") + "{inner}"
        yield head("GET /none HTTP/1.1", *fields, "Transfer-Encoding: chunked") + "{hex}\r\n{inner}\r\n0\r\n\r\n"


def everything():
    """Pairs of a name and a function from the marks to bytes."""
    for kind in (lengths, codings, chunks, lines, fields):
        for index, text in enumerate(kind()):
            yield f"{kind.__name__}-{index}", text


def fill(text, mark, inner_mark):
    """The bytes of a request."""
    inner = INNER.replace("{inner_id}", inner_mark)
    for pattern, value in [
        ("{id}", mark), ("{length+5}", str(len(inner) + 5)), ("{length}", str(len(inner))), ("{hex}", f"{len(inner):x}"), ("{inner}", inner),
    ]:
        text = text.replace(pattern, value)
    return text.encode("latin-1")
