package import HTTPTypes

/// One request and its answer as the access log and the metrics see it, reported once the answer is complete or has
/// failed.
package struct Exchange: Sendable {
    package var id: RequestID
    package var remoteAddress: SocketAddress
    /// Nil if the request could not be parsed.
    package var method: HTTPRequest.Method?
    /// The pattern of the route, such as `/v1/jobs/{id}`; nil if no route was reached.
    package var route: String?
    /// The status sent; nil if the connection ended before there was one.
    package var status: HTTPResponse.Status?
    /// Bytes of the request's body read.
    package var bytesIn: Int
    /// Bytes of the response's body.
    package var bytesOut: Int
    /// From the end of the request's head to the end of the answer.
    package var duration: Duration
}
