import HTTPTypes

/// The request a connection is busy with, and how far its body and its answer have come.
///
/// `@unchecked Sendable`: what changes is touched on the connection's queue only; the handler's task and its body merely
/// hold the reference, to say whose they are.
final class ActiveExchange: @unchecked Sendable {
    enum Body {
        /// Read and dropped.
        case discarded
        /// Gathered for the handler, which starts when it is complete.
        case buffered([UInt8])
        case piped(BodyPipe)
    }

    enum Answer {
        case pending
        /// The head is out, the handler's task produces the body. `remaining` is nil for a body of unknown length.
        case streaming(framing: ResponseEncoder.Framing, remaining: Int?)
        case file(OpenFile, offset: Int)
        case complete
    }

    let id: RequestID
    let remoteAddress: SocketAddress
    let method: HTTPRequest.Method?
    let minorVersion: UInt8
    let start: UInt64
    var route: Route?
    /// Whether the connection goes on afterwards. Once the head of the answer is out, this is what it said.
    var keepAlive: Bool
    var body = Body.discarded
    /// The request kept for the handler while its body is gathered.
    var request: Request?
    var isBodyComplete = false
    /// The client waits for `100 Continue`, which goes out when the handler asks for the body.
    var owesContinue = false
    var answer = Answer.pending
    var status: HTTPResponse.Status?
    var bytesIn = 0
    var bytesOut = 0
    /// Tells the handler that no one waits for its answer.
    var cancel: (@Sendable () -> Void)?

    init(
        id: RequestID,
        remoteAddress: SocketAddress,
        method: HTTPRequest.Method?,
        minorVersion: UInt8,
        keepAlive: Bool,
        start: UInt64
    ) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.method = method
        self.minorVersion = minorVersion
        self.keepAlive = keepAlive
        self.start = start
    }

    var isAnswerPending: Bool {
        guard case .pending = answer else { return false }
        return true
    }

    var isAnswerComplete: Bool {
        guard case .complete = answer else { return false }
        return true
    }

    /// What the observer gets.
    func summary(end: UInt64) -> Exchange {
        Exchange(
            id: id,
            remoteAddress: remoteAddress,
            method: method,
            route: route?.pattern,
            status: status,
            bytesIn: bytesIn,
            bytesOut: bytesOut,
            duration: .nanoseconds(Int64(end - start))
        )
    }
}
