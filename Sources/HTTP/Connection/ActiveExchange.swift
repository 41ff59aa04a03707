import HTTPTypes

/// The request a connection is busy with and its answer; ``ConnectionState`` knows how far they have come.
///
/// `@unchecked Sendable`: what changes is touched on the connection's queue only; the handler's task and its body merely
/// hold the reference, to say whose they are.
final class ActiveExchange: @unchecked Sendable {
    var summary: Exchange
    let minorVersion: UInt8
    /// Monotonic time in nanoseconds.
    let start: UInt64

    /// The request kept for the handler while its body is gathered.
    var request: Request?
    var gathered: [UInt8] = []
    /// What hands the body on, until it has ended.
    private var pipe: BodyPipe?

    /// Fields that go with the answer, whatever it is.
    var answerFields: HTTPFields = [:]
    /// Of a streamed answer.
    var framing = ResponseEncoder.Framing.none
    /// Bytes of the answer's body still to come; nil for a body of unknown length.
    var remaining: Int?
    /// The file that is the answer's body.
    var file: OutgoingFile?
    /// Whose events are the answer's body, and who waits for the end of them.
    var follower: (listener: EventListener, continuation: CheckedContinuation<Void, any Error>)?

    /// Tells the handler that no one waits for its answer.
    var cancel: (@Sendable () -> Void)?
    /// Tells it that this may be so.
    var doubt: (@Sendable () -> Void)?

    /// - Parameter method: nil for a request that could not be understood.
    init(
        _ id: RequestID, _ method: HTTPRequest.Method?, minorVersion: UInt8, from address: SocketAddress,
        at start: UInt64
    ) {
        summary = Exchange(id: id, remoteAddress: address, method: method)
        self.minorVersion = minorVersion
        self.start = start
    }

    /// The body goes to a handler that reads it piece by piece.
    func hand(to pipe: BodyPipe) { self.pipe = pipe }

    /// Returns false if the consumer has enough for now.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        summary.bytesIn += bytes.count
        if let pipe { return pipe.append(bytes) }
        if request != nil { gathered.append(contentsOf: bytes) }
        return true
    }

    func endBody(_ result: Result<Void, any Error> = .success(())) {
        pipe?.finish(result)
        pipe = nil
    }

    /// No one reads on. Most exchanges have no reader, so that it is here that the error is made.
    func dropBody() {
        if pipe != nil { endBody(.failure(ConnectionError.closedByClient)) }
    }

    /// The answer will not be completed, or no one waits for it.
    func abandon(_ error: any Error) {
        cancel?()
        file = nil
        follower?.continuation.resume(throwing: error)
        follower = nil
    }
}
