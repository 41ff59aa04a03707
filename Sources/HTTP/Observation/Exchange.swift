import HTTPTypes

/// One request and its answer as the access log and the counters see it, once the answer is complete or has failed.
struct Exchange {
    let id: RequestID
    let remoteAddress: SocketAddress
    /// Nil if the request could not be parsed.
    let method: HTTPRequest.Method?
    /// Of the client's trace, if it named one.
    var traceID: TraceID?
    /// Nil if no route was reached.
    var route: Route?
    /// The status sent; nil if the connection ended before there was one.
    var status: HTTPResponse.Status?
    /// Bytes of the request's body read.
    var bytesIn = 0
    /// Bytes of the response's body.
    var bytesOut = 0
    /// From the news of the request's head to the end of the answer.
    var nanoseconds: UInt64 = 0
}
