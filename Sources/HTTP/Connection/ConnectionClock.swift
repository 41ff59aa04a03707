/// How long a connection may still wait for what it waits for.
///
/// Bodies and answers must come and go at a least rate, or a client that moves a byte now and then would stay for ever.
struct ConnectionClock {
    enum Wait {
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
        /// The handler.
        case nothing
    }

    private(set) var wait = Wait.header
    /// Monotonic time in nanoseconds at which the wait has been too long.
    private(set) var deadline: UInt64
    /// Whether there has been an exchange on this connection.
    private(set) var hasServed = false

    private let configuration: ServerConfiguration
    /// When the wait began, and what was moved since.
    private var start: UInt64
    private var bytes = 0
    private var isNew = false
    private var hasProgress = false

    /// For a new connection.
    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        start = EventQueue.now()
        deadline = start + configuration.headerTimeout.nanoseconds
    }

    /// The next wait is a new one, even if it is for the same thing.
    mutating func restart() {
        isNew = true
        hasServed = true
    }

    mutating func progressed(_ count: Int) {
        bytes += count
        hasProgress = true
    }

    mutating func stop() { deadline = .max }

    /// To be called at the end of each turn.
    mutating func update(_ wait: Wait, isDraining: Bool) {
        let isNew = isNew || wait != self.wait
        guard isNew || hasProgress || (isDraining && wait == .linger) else { return }
        let now = EventQueue.now()
        if isNew {
            (start, bytes) = (now, 0)
            self.wait = wait
        }
        (self.isNew, hasProgress) = (false, false)
        deadline =
            switch wait {
            case .nothing: .max
            case .header: start + configuration.headerTimeout.nanoseconds
            case .idle: start + configuration.idleTimeout.nanoseconds
            case .body: slowest(now, configuration.bodyTimeout, rate: configuration.bodyRate)
            case .write: slowest(now, configuration.writeTimeout, rate: configuration.writeRate)
            case .linger:
                start
                    + (isDraining ? min(Self.drainLinger, configuration.lingerTimeout) : configuration.lingerTimeout)
                    .nanoseconds
            }
    }

    /// A server that stops does not wait long for clients that have their answer.
    private static let drainLinger = Duration.milliseconds(500)

    /// Nothing for the time of `patience`, or on the average since then less than `rate` bytes a second.
    private func slowest(_ now: UInt64, _ patience: Duration, rate: Int) -> UInt64 {
        let patience = patience.nanoseconds
        guard rate > 0 else { return now + patience }
        return min(now + patience, start + patience + UInt64(Double(bytes) / Double(rate) * 1e9))
    }
}
