import Dispatch

/// One connection: reads requests, has them answered in order, writes the answers.
///
/// Work is done in *turns* on the queue of `events`: something happens (bytes came, there is room to send, a handler is
/// done, time is up), the consequences are drawn, and at the end of the turn everything to be sent goes out in one call
/// and the sources are switched on or off as needed.
///
/// `@unchecked Sendable`: everything that changes is touched on `events.queue` only.
final class Connection: @unchecked Sendable {
    enum Phase {
        case open
        /// No request will be read any more; closes when all is sent.
        case finishing
        /// All is sent and the client knows; what it still sends is dropped, so that it can read our last answer before a
        /// reset would destroy it (RFC 9112 §9.6).
        case lingering
        case closed
    }

    /// What the connection is waiting for, which decides how long it may wait.
    enum Wait {
        case header, idle, body, write, linger
        /// The handler.
        case nothing
    }

    /// Bytes received and not decoded, while the answer to the request before them is pending, at which we stop reading.
    static let unreadLimit = 64 * 1024
    /// Bytes to be sent at which no further request is begun and a handler's write waits.
    static let unsentLimit = 64 * 1024
    private static let lingerTime: Duration = .seconds(2)
    private static let lingerBytes = 1 << 20

    let socket: Socket
    let remoteAddress: SocketAddress
    let events: EventQueue
    /// Position in the list of `events`.
    var index = 0

    var phase = Phase.open
    var decoder: RequestDecoder
    var exchange: ActiveExchange?
    /// The consumer of the body is behind.
    var isBodyPaused = false
    /// The rest of what was sent has no known meaning or is not wanted.
    var isInputAbandoned = false
    /// The client has closed its side.
    private(set) var hasInputEnded = false
    /// Received; decoded up to `unreadOffset`.
    private var unread: [UInt8] = []
    private var unreadOffset = 0
    private var lingered = 0

    /// To be sent; sent up to `unsentOffset`.
    var unsent: [UInt8] = []
    var unsentOffset = 0
    /// Writes of a handler that wait for the client.
    var writers: [CheckedContinuation<Void, any Error>] = []

    private let readSource: any DispatchSourceRead
    private var writeSource: (any DispatchSourceWrite)?
    private var isReading = false
    private var isWriting = false
    private var liveSources = 1

    /// Monotonic time in nanoseconds at which ``expire()`` is due.
    private(set) var deadline = UInt64.max
    private var wait = Wait.nothing
    /// Something was achieved in this turn that starts the time of `wait` anew.
    var hasProgress = false

    init(socket: Socket, remoteAddress: SocketAddress, events: EventQueue) {
        self.socket = socket
        self.remoteAddress = remoteAddress
        self.events = events
        decoder = RequestDecoder(limits: events.context.configuration.limits)
        readSource = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: events.queue)
    }

    var configuration: ServerConfiguration { events.context.configuration }
    var unsentCount: Int { unsent.count - unsentOffset }

    // MARK: Life

    func start() {
        readSource.setEventHandler { [self] in turn { becameReadable() } }
        readSource.setCancelHandler { [self] in sourceEnded() }
        readSource.activate()
        isReading = true
        (wait, deadline) = (.header, EventQueue.now() + configuration.headerTimeout.nanoseconds)
    }

    /// Does `work` and draws the consequences.
    func turn(_ work: () -> Void) {
        guard phase != .closed else { return }
        work()
        endTurn()
    }

    private func endTurn() {
        guard phase != .closed else { return }
        flush()
        pumpFile()
        if unsentCount < Self.unsentLimit, !writers.isEmpty { resumeWriters(with: .success(())) }
        if hasInputEnded, exchange == nil, unread.isEmpty { finish() }
        if phase == .finishing, unsentCount == 0, exchange == nil { finishSending() }
        guard phase != .closed else { return }
        updateSources()
        updateDeadline()
    }

    /// Ends the connection once everything is sent.
    func finish() {
        if phase == .open { phase = .finishing }
    }

    private func finishSending() {
        let isClean = !isInputAbandoned && unreadOffset == unread.count
        guard !isClean, !hasInputEnded else { return close(nil) }
        socket.finishSending()
        phase = .lingering
        unread = []
        unreadOffset = 0
    }

    /// Ends the connection at once; what is under way fails with `error`.
    func close(_ error: ConnectionError?) {
        guard phase != .closed else { return }
        phase = .closed
        events.output.removeAll(keepingCapacity: true)
        let failure = error ?? .closedByClient
        // The reason first, then the cancellation: what waits shall learn the reason.
        resumeWriters(with: .failure(failure))
        if let exchange {
            if case .piped(let pipe) = exchange.body { pipe.finish(.failure(failure)) }
            exchange.body = .discarded
            exchange.cancel?()
            events.context.observe?(exchange.summary(end: EventQueue.now()))
        }
        exchange = nil
        readSource.cancel()
        // A suspended source would never tell that it is cancelled.
        if !isReading { readSource.resume() }
        if let writeSource {
            writeSource.cancel()
            if !isWriting { writeSource.resume() }
        }
        deadline = .max
        events.remove(self)
    }

    /// The descriptor may be closed only when no source looks at it any more.
    private func sourceEnded() {
        liveSources -= 1
        guard liveSources == 0 else { return }
        socket.close()
        events.context.releaseConnection()
    }

    /// Lets the request under way finish and closes.
    func drain() {
        turn {
            guard phase == .open, exchange == nil else { return }
            // A request that is here but not read yet still counts as under way.
            if decoder.isIdle, unread.isEmpty, !hasInputEnded { _ = receive() }
            if phase == .open, exchange == nil, decoder.isIdle { finish() }
        }
    }

    // MARK: Reading

    private func becameReadable() {
        // When the client has gone for good, Dispatch tells so once, as "0 bytes", even if there are some left, and never
        // calls again: what is left must be read at once, or the end behind it would not be seen.
        let isLastCall = readSource.data == 0
        while receive(), isLastCall {}
    }

    /// Returns true if there may be more.
    private func receive() -> Bool {
        switch socket.receive(into: events.input) {
        case .bytes(let count):
            consume(UnsafeRawBufferPointer(rebasing: events.input[..<count]))
            return phase != .closed
        case .end:
            inputEnded()
        case .failed:
            close(.closedByClient)
        case .wouldBlock:
            break
        }
        return false
    }

    private func consume(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .open else {
            lingered += bytes.count
            if lingered > Self.lingerBytes { close(nil) }
            return
        }
        if unread.isEmpty {
            var offset = 0
            decode(bytes, &offset)
            if offset < bytes.count, phase == .open {
                unread = Array(bytes[offset...])
                unreadOffset = 0
            }
        } else {
            unread.append(contentsOf: bytes)
            decodeUnread()
        }
    }

    /// Goes on with what was left undecoded. That may be an event without bytes: a body held back at its very last byte
    /// has its end still to come.
    func decodeUnread() {
        let bytes = unread
        var offset = unreadOffset
        bytes.withUnsafeBytes { decode($0, &offset) }
        let isUsedUp = offset == bytes.count
        unread = isUsedUp ? [] : bytes
        unreadOffset = isUsedUp ? 0 : offset
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) {
        while mayDecode, let event = decoder.next(bytes, at: &offset) {
            handle(event, bytes)
            // Pipelined requests may not pile up answers faster than the client takes them.
            if events.output.count > Self.unsentLimit { flush() }
        }
    }

    private var mayDecode: Bool {
        guard phase == .open, !isInputAbandoned else { return false }
        if let exchange { return !exchange.isBodyComplete && !isBodyPaused }
        return unsentCount < Self.unsentLimit
    }

    private func inputEnded() {
        hasInputEnded = true
        guard let exchange else { return }
        if exchange.isBodyComplete || isInputAbandoned {
            // The client may have gone or may only have said that it will ask no more: stop the work, but send what
            // answer there is.
            exchange.cancel?()
        } else {
            close(.closedByClient)
        }
    }

    /// The handler asks for (more of) the body.
    func bodyDemanded(_ demanded: ActiveExchange) {
        turn {
            guard exchange === demanded else { return }
            if demanded.owesContinue { events.output += ResponseEncoder.continue }
            demanded.owesContinue = false
            isBodyPaused = false
            hasProgress = true
            decodeUnread()
        }
    }

    // MARK: Sources and time

    private func updateSources() {
        let wantsInput =
            switch phase {
            case .open:
                !hasInputEnded && !isInputAbandoned && !isBodyPaused && unread.count - unreadOffset < Self.unreadLimit
            case .lingering: !hasInputEnded
            case .finishing, .closed: false
            }
        if wantsInput != isReading {
            isReading = wantsInput
            if wantsInput { readSource.resume() } else { readSource.suspend() }
        }
        let wantsRoom = unsentCount > 0
        if wantsRoom != isWriting {
            isWriting = wantsRoom
            if wantsRoom { roomSource().resume() } else { writeSource?.suspend() }
        }
    }

    /// The write source, made when sending has blocked for the first time.
    private func roomSource() -> any DispatchSourceWrite {
        if let writeSource { return writeSource }
        let source = DispatchSource.makeWriteSource(fileDescriptor: socket.descriptor, queue: events.queue)
        source.setEventHandler { [self] in
            turn {
                sendUnsent()
                if exchange == nil { decodeUnread() }
            }
        }
        source.setCancelHandler { [self] in sourceEnded() }
        liveSources += 1
        writeSource = source
        return source
    }

    private func updateDeadline() {
        let now = currentWait
        guard now != wait || hasProgress else { return }
        hasProgress = false
        wait = now
        let patience: Duration? =
            switch now {
            case .header: configuration.headerTimeout
            case .idle: configuration.idleTimeout
            case .body: configuration.bodyTimeout
            case .write: configuration.writeTimeout
            case .linger: Self.lingerTime
            case .nothing: nil
            }
        deadline = patience.map { EventQueue.now() + $0.nanoseconds } ?? .max
    }

    private var currentWait: Wait {
        if phase == .lingering { return .linger }
        if unsentCount > 0 { return .write }
        guard let exchange else { return decoder.isIdle && unread.isEmpty ? .idle : .header }
        return exchange.isBodyComplete || isBodyPaused || isInputAbandoned ? .nothing : .body
    }

    /// The deadline has passed.
    func expire() {
        turn {
            switch wait {
            case .nothing: break
            case .idle, .linger: close(nil)
            case .write: close(.timedOut)
            case .header: if decoder.isIdle { close(nil) } else { refuse(.timedOut) }
            case .body: bodyFailed(.timedOut)
            }
        }
    }
}
