package import HTTPTypes

/// A request as a handler sees it.
package struct Request: Sendable {
    let head: RequestHead
    package let id: RequestID
    package let remoteAddress: SocketAddress
    /// What the `{names}` in the route's pattern stood for.
    package var parameters = PathParameters()
    package var body: RequestBody
    /// What the admission of the request found out and its handler is to know.
    package var admitted: (any Sendable)?
    /// Fields that go with the answer, whatever it is.
    package var answerFields: HTTPFields = [:]

    init(head: RequestHead, id: RequestID, remoteAddress: SocketAddress, body: RequestBody) {
        self.head = head
        self.id = id
        self.remoteAddress = remoteAddress
        self.body = body
    }

    package var method: HTTPRequest.Method { head.method }

    /// The path as it came, percent-encoded, without query.
    package var path: String { head.path.isEmpty ? "/" : head.fields.string(head.path) }

    /// The decoded parts of the path between its slashes.
    package var segments: [String] {
        head.fields.bytes[head.path].dropFirst()
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: PercentCoding.decode($0), as: UTF8.self) }
    }

    /// The pairs of the query. Parsed on each call.
    package var query: QueryParameters { QueryParameters(head.fields.bytes[head.query ?? 0..<0]) }

    package var hasQuery: Bool { !(head.query?.isEmpty ?? true) }

    package var fields: RequestFields { head.fields }

    /// Of the client's trace, if it named one.
    package var traceID: TraceID? { head.fields.traceID }

    /// Whether a body comes with the request, as its head says.
    package var hasBody: Bool { head.framing != .none && head.framing != .length(0) }

    /// The same as ``authority`` as it came; empty for none.
    package var authorityBytes: ArraySlice<UInt8> { head.authority.map { head.fields.bytes[$0] } ?? [] }

    /// Host and port the client asked for; nil only for HTTP/1.0 without `Host`.
    package var authority: String? { head.authority.map { head.fields.string($0) } }
}

extension Request {
    /// A request that came over no connection, to run routes without sockets.
    ///
    /// - Precondition: `target` and `fields` make a valid HTTP/1.1 head; `Host: localhost` and the length of the body are
    ///   added if they are not there.
    package init(
        _ method: HTTPRequest.Method = .get,
        _ target: String,
        fields: HTTPFields = [:],
        body: [UInt8] = [],
        id: RequestID = .made(0),
        remoteAddress: SocketAddress = .loopback
    ) {
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\n"
        if !fields.contains(.host) { text += "Host: localhost\r\n" }
        if !body.isEmpty, !fields.contains(.contentLength), !fields.contains(.transferEncoding) {
            text += "Content-Length: \(body.count)\r\n"
        }
        for field in fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        text += "\r\n"
        self.init(head: .parse(text), id: id, remoteAddress: remoteAddress, body: .bytes(body))
    }
}
