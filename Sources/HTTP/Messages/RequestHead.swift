import HTTPTypes

/// Request line and header fields of one request, checked by the decoder.
struct RequestHead: Sendable {
    /// The form of the request target (RFC 9112 §3.2). Authority-form never gets here: CONNECT is refused.
    enum Target: Sendable, Equatable {
        case path
        case asterisk
    }

    /// How the end of the body is found (RFC 9112 §6.3).
    enum Framing: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    var method: HTTPRequest.Method = .get
    var target: Target = .path
    /// The percent-encoded path in `fields.bytes`, always starting with a slash but for `*`; of an absolute-form target
    /// with an empty path, the empty range.
    var path: Range<Int> = 0..<0
    /// The query in `fields.bytes`, without the question mark.
    var query: Range<Int>?
    /// Host and port in `fields.bytes`: those of an absolute-form target, else the `Host` field.
    var authority: Range<Int>?
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    var minorVersion: UInt8 = 1
    /// Whether the client lets the connection go on after this exchange (RFC 9112 §9.3).
    var keepAlive = true
    var expectsContinue = false
    var framing: Framing = .none
    var fields = RequestFields()
}

extension RequestHead: Equatable {
    /// Compares meaning and fields, which is what tests of the decoder ask for.
    static func == (left: RequestHead, right: RequestHead) -> Bool {
        left.fields.bytes == right.fields.bytes && left.method == right.method && left.target == right.target
            && left.path == right.path && left.query == right.query && left.authority == right.authority
            && left.minorVersion == right.minorVersion && left.keepAlive == right.keepAlive
            && left.expectsContinue == right.expectsContinue && left.framing == right.framing
    }
}
