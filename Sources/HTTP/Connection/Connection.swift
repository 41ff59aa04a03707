import Dispatch
import Glibc

/// One connection: carries bytes between its socket and ``ConnectionState``, which decides, and has requests answered.
///
/// Work is done in *turns* on `events`: something happens (bytes came, there is room to send, a handler is done, time is
/// up), the consequences are drawn, and at the end of the turn everything to be sent goes out in one call.
///
/// `@unchecked Sendable`: everything that changes is touched on `events` only.
final class Connection: @unchecked Sendable {
    /// Bytes to be sent at which no further request is begun and a handler's write waits.
    static let unsentLimit = 64 * 1024
    /// Reads before other connections get their turn.
    private static let readBatch = 16

    let transport: Transport
    let remoteAddress: SocketAddress
    /// Whether the other end is a proxy that may say whom it asks for.
    let isTrusted: Bool
    let events: EventQueue
    /// What `events` knows it by.
    var token: Poller.Token = 0

    private(set) var state = ConnectionState()
    var decoder: RequestDecoder
    var exchange: ActiveExchange?

    /// Received and not decoded yet: what one read has left.
    private var unread: [UInt8] = []
    private var unreadOffset = 0
    /// There may be something to read: so the poller said, and no call has denied it since.
    private var isReadable = false
    /// The client has closed its sending side: the end comes behind what there is to read.
    private(set) var isInputEnding = false
    private var lingered = 0
    /// As far as it has been counted.
    private var isHandshaking: Bool

    /// To be sent; sent up to `unsentOffset`.
    var unsent: [UInt8] = []
    var unsentOffset = 0
    /// Whether the poller tells of room, as it does from the first time that there was none.
    var isWaitingForRoom: Bool
    /// Writes of a handler that wait for the client.
    var writers: [CheckedContinuation<Void, any Error>] = []

    var clock: ConnectionClock

    init(transport: Transport, remoteAddress: SocketAddress, events: EventQueue) {
        self.transport = transport
        self.remoteAddress = remoteAddress
        self.events = events
        isHandshaking = transport.isHandshaking
        isWaitingForRoom = transport.saysGoodbye
        isTrusted = events.context.configuration.trustedProxies.contains { $0.contains(remoteAddress) }
        decoder = RequestDecoder(limits: events.context.configuration.limits)
        clock = ConnectionClock(events.context.configuration, now: events.time)
    }

    var configuration: ServerConfiguration { events.context.configuration }
    var unsentCount: Int { unsent.count - unsentOffset }
    /// Monotonic time in nanoseconds at which ``expire()`` is due.
    var deadline: UInt64 { clock.deadline }

    // MARK: Turns

    /// Does `work` and draws the consequences.
    func turn(_ work: () -> Void) {
        guard state.phase != .closed else { return }
        work()
        flush()
        resumeWriters()
        if state.phase == .finishing, unsentCount == 0 {
            handle(.sent(isQuiet: unreadOffset == unread.count && !isReadable && !transport.saysGoodbye))
        }
        guard state.phase != .closed else { return }
        if isHandshaking, !transport.isHandshaking { noteHandshake() }
        let deadline = clock.deadline
        clock.update(currentWait, isDraining: state.isDraining, now: events.time)
        if clock.deadline != deadline { events.reschedule(self) }
    }

    /// The poller has news.
    func becameReady(_ readiness: Poller.Readiness) {
        turn {
            // While we linger, both directions are closed when the client has closed its own, in good order.
            guard !readiness.contains(.failure), state.phase == .lingering || !readiness.contains(.hangUp) else {
                return handle(.gone)
            }
            if !readiness.isDisjoint(with: [.input, .inputEnd, .hangUp]) { isReadable = true }
            if !readiness.isDisjoint(with: [.inputEnd, .hangUp]) {
                isInputEnding = true
                exchange?.doubt?()
            }
            if readiness.contains(.room) || transport.saysGoodbye {
                // TLS may need room to receive, and something received to send.
                if transport.isHandshaking { isReadable = true }
                if unsentCount > 0 {
                    sendUnsent()
                    decodeUnread()
                }
            }
            read()
        }
    }

    /// The others have had their turn.
    func goOn() {
        turn { read() }
    }

    /// Tells the state what has happened and does what it says.
    func handle(_ event: ConnectionState.Event, _ error: (any Error)? = nil) {
        let actions = state.handle(event)
        guard !actions.isEmpty else { return }
        if actions.contains(.sendContinue) { events.output.append(ResponseEncoder.continue) }
        if actions.contains(.start) { startGathered() }
        if actions.contains(.refuse), let error { refuse(error) }
        if actions.contains(.endBody) { exchange?.endBody() }
        if actions.contains(.failBody) { exchange?.endBody(.failure(error ?? ConnectionError.closedByClient)) }
        if actions.contains(.cancel) { exchange?.abandon(error ?? ConnectionError.closedByClient) }
        if actions.contains(.endEvents) { exchange?.follower?.listener.finish() }
        if actions.contains(.report) { report() }
        if actions.contains(.finishSending) { startLingering() }
        if actions.contains(.close) { end(error) }
    }

    private func report() {
        guard let finished = exchange else { return }
        exchange = nil
        // What it calls may hold the exchange.
        (finished.cancel, finished.doubt) = (nil, nil)
        clock.restart()
        // Not `time`: a handler on this queue has taken some.
        finished.summary.nanoseconds = EventQueue.now() - finished.start
        let summary = finished.summary
        events.counters.count(summary)
        events.accessLog?.record(summary, at: events.second)
    }

    private func startLingering() {
        transport.finishSending()
        unread = []
        unreadOffset = 0
        read()
    }

    private func end(_ error: (any Error)?) {
        events.output.removeAll()
        (unsent, unsentOffset) = ([], 0)
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(throwing: error ?? ConnectionError.closedByClient) }
        clock.stop()
        if isHandshaking {
            if transport.isHandshaking { events.counters.failedHandshakes += 1 } else { noteHandshake() }
        }
        events.remove(self)
        transport.close()
        events.context.releaseConnection(remoteAddress)
    }

    /// Ends the connection at once; what is under way fails with `error`.
    func close(_ error: ConnectionError) {
        turn { handle(.shutDown, error) }
    }

    /// Lets the request under way finish and closes.
    func drain() {
        turn {
            // A request that is here but not read yet still counts as under way.
            if state.reads {
                isReadable = true
                read()
            }
            handle(.drain(isIdle: decoder.isIdle && unread.isEmpty))
        }
    }

    private func noteHandshake() {
        isHandshaking = false
        events.counters.handshakes += 1
    }

    // MARK: Reading

    private func read() {
        for _ in 0..<Self.readBatch {
            guard isReadable, state.reads, unread.isEmpty, unsentCount < Self.unsentLimit else { return }
            switch state.phase == .lingering
                ? transport.discard(events.input) : transport.receive(into: events.input)
            {
            case .bytes(let count, let isLast):
                events.counters.bytesReceived += count
                // An end would be told anew, unless it has been.
                if isLast, !isInputEnding { isReadable = false }
                consume(count)
            case .wouldBlock:
                isReadable = false
            case .end:
                isReadable = false
                handle(.inputEnd)
            case .failed:
                handle(.gone)
            }
        }
        events.letOthersGoFirst(self)
    }

    private func consume(_ count: Int) {
        guard state.phase != .lingering else {
            lingered += count
            if lingered > configuration.lingerBytes { handle(.timeout) }
            return
        }
        let bytes = UnsafeRawBufferPointer(rebasing: events.input[..<count])
        var offset = 0
        decode(bytes, &offset)
        guard offset < count, state.phase != .closed else { return }
        unread = Array(bytes[offset...])
        unreadOffset = 0
    }

    /// Goes on with what was left undecoded. That may be an event without bytes: a body held back at its very last byte
    /// has its end still to come.
    func decodeUnread() {
        let bytes = unread
        var offset = unreadOffset
        bytes.withUnsafeBytes { decode($0, &offset) }
        let isUsedUp = offset == bytes.count || state.phase == .lingering
        unread = isUsedUp ? [] : bytes
        unreadOffset = isUsedUp ? 0 : offset
    }

    /// Goes on after a handler has been waited for.
    func resumeInput() {
        decodeUnread()
        read()
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) {
        // Pipelined requests may not pile up answers faster than the client takes them.
        while state.decodes, exchange != nil || unsentCount < Self.unsentLimit {
            guard let event = decoder.next(bytes, at: &offset) else { return }
            handle(consume event, bytes)
            if events.output.count > Self.unsentLimit { flush() }
        }
    }

    // MARK: Time

    /// What the connection waits for, which decides how long it may wait.
    private var currentWait: ConnectionClock.Wait {
        switch state.phase {
        case .lingering: return .linger
        case _ where unsentCount > 0 || exchange?.file?.wait == .room: return .write
        case .waiting where transport.isHandshaking: return .handshake
        case .waiting: return decoder.isIdle && unread.isEmpty && clock.hasServed ? .idle : .header
        case .exchanging(.dropped, _), .exchanging(.gathered, _), .exchanging(.piped, _): return .body
        case .exchanging where exchange?.follower != nil: return .event
        case .exchanging, .finishing, .closed: return .nothing
        }
    }

    /// The deadline has passed.
    func expire() {
        turn {
            switch clock.wait {
            case .header where !decoder.isIdle: handle(.malformed, RequestError.timedOut)
            case .body: handle(.malformed, RequestError.timedOut)
            case .handshake, .header, .idle, .linger, .write:
                if clock.wait == .write { events.counters.refuse("write_timeout") }
                handle(.timeout, ConnectionError.timedOut)
            case .event: sendHeartbeat()
            case .nothing: break
            }
        }
    }
}
