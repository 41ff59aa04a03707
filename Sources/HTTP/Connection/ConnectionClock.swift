/// How long a connection may still wait for what it waits for.
///
/// Bodies and answers must come and go at a least rate, or a client that moves a byte now and then would stay for ever.
struct ConnectionClock {
    enum Wait {
        /// The end of TLS's handshake.
        case handshake
        /// The end of a request's head.
        case header
        /// The next request.
        case idle
        /// More of a request's body.
        case body
        /// Room for more of an answer.
        case write
        /// The end of what the client still sends after its last answer.
        case linger
        /// The next event of a stream.
        case event
        /// The handler.
        case nothing
    }

    private(set) var wait = Wait.header
    /// Monotonic time in nanoseconds at which the wait has been too long.
    private(set) var deadline: UInt64
    /// Whether there has been an exchange on this connection.
    private(set) var hasServed = false

    private let configuration: ServerConfiguration
    /// When the wait began.
    private var start: UInt64
    private var isNew = false
    private var hasProgress = false
    private var body = Pace()
    private var answer = Pace()

    /// How an exchange gets on in one direction.
    private struct Pace {
        var bytes = 0
        /// Nanoseconds that the client was waited for, without the wait under way.
        var waited: UInt64 = 0

        /// When there was nothing for the time of `patience`, or on the average since then less than `rate` bytes a second.
        func deadline(_ now: UInt64, since start: UInt64, _ patience: Duration, rate: Int) -> UInt64 {
            let patience = patience.nanoseconds
            guard rate > 0 else { return now + patience }
            // Not more than a number can hold: 30 years.
            let allowed = patience + UInt64(min(Double(bytes) / Double(rate) * 1e9, 1e18))
            return min(now + patience, start + (allowed > waited ? allowed - waited : 0))
        }
    }

    /// For a new connection.
    ///
    /// - Parameter now: monotonic time in nanoseconds.
    init(_ configuration: ServerConfiguration, now: UInt64) {
        self.configuration = configuration
        start = now
        deadline = start + configuration.headerTimeout.nanoseconds
    }

    /// An exchange is over: the next wait is a new one, even if it is for the same thing.
    mutating func restart() {
        isNew = true
        hasServed = true
        (body, answer) = (Pace(), Pace())
    }

    /// Bytes of a request's body have come.
    mutating func received(_ count: Int) {
        body.bytes += count
        hasProgress = true
    }

    /// Bytes have been taken by the client.
    mutating func sent(_ count: Int) {
        answer.bytes += count
        hasProgress = true
    }

    mutating func stop() { deadline = .max }

    /// To be called at the end of each turn.
    mutating func update(_ wait: Wait, isDraining: Bool, now: UInt64) {
        let isNew = isNew || wait != self.wait
        guard isNew || hasProgress || (isDraining && wait == .linger) else { return }
        if isNew { begin(wait, now) }
        (self.isNew, hasProgress) = (false, false)
        deadline =
            switch wait {
            case .nothing: .max
            case .event: now + configuration.eventHeartbeat.nanoseconds
            case .handshake: start + configuration.handshakeTimeout.nanoseconds
            case .header: start + configuration.headerTimeout.nanoseconds
            case .idle: start + configuration.idleTimeout.nanoseconds
            case .body: body.deadline(now, since: start, configuration.bodyTimeout, rate: configuration.bodyRate)
            case .write: answer.deadline(now, since: start, configuration.writeTimeout, rate: configuration.writeRate)
            case .linger: start + lingerTime(isDraining).nanoseconds
            }
    }

    private mutating func begin(_ wait: Wait, _ now: UInt64) {
        // An exchange that has just ended leaves nothing to add to.
        switch self.wait {
        case .body where !isNew: body.waited += now - start
        case .write where !isNew: answer.waited += now - start
        default: break
        }
        self.wait = wait
        start = now
    }

    /// A server that stops does not wait long for clients that have their answer.
    private func lingerTime(_ isDraining: Bool) -> Duration {
        isDraining ? min(.milliseconds(500), configuration.lingerTimeout) : configuration.lingerTimeout
    }
}
