import Dispatch
import Glibc
import Logging
import Platform
import Synchronization

/// A serial queue on which a share of the connections live, with what they use in turn: the epoll descriptor that watches
/// them, one input buffer, one output buffer, one encoder, one sweep for all their timeouts, one part of the access log.
///
/// Dispatch wakes the queue when the first of its sockets has news. From then on it takes news from epoll itself, and work
/// from ``post(_:)``, until there has been none for a moment: a connection that is busy costs no way through Dispatch.
///
/// `@unchecked Sendable`: everything that changes is touched on `queue` only; the mailbox has a lock.
final class EventQueue: @unchecked Sendable {
    /// What one read takes at most, in bytes.
    private static let inputSize = 64 * 1024
    /// How long the queue waits for more before it gives its thread back, in milliseconds.
    private static let longestPatience: UInt64 = 100
    /// What the listening socket is known by.
    static let listenerToken: Poller.Token = 1

    let context: ServerContext
    /// Scratch for the bytes of one read.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    /// What the connection whose turn it is wants to send; empty between turns.
    var output = OutputBuffer(capacity: inputSize)
    var encoder = ResponseEncoder()
    var ids = RequestIDGenerator()
    var accessLog: AccessLog?
    var counters: ServerCounters
    /// Monotonic time in nanoseconds when the queue last woke or took news.
    private(set) var time = now()
    /// The same as seconds since 1970.
    private(set) var second = 0
    let poller: Poller

    private let queue: DispatchQueue
    private let source: any DispatchSourceRead
    private let mailbox = Mutex(Mailbox())
    private let connectionCount = Atomic(0)
    private var connections = ConnectionTable()
    private var acceptor: Acceptor?
    private var isDraining = false
    /// Connections that have more to do, but let others have their turn first.
    private var waiting: [Connection] = []
    private let patience: Int32
    private let sweepInterval: UInt64
    private var nextSweep = UInt64.max
    private var isSweepScheduled = false

    private struct Mailbox {
        var work: [@Sendable () -> Void] = []
        var reader = Reader.away
    }

    /// What the queue does.
    private enum Reader {
        /// Nothing: Dispatch has to wake it.
        case away
        /// It looks into the mailbox before it waits.
        case busy
        /// It waits for epoll.
        case waiting
    }

    /// Throws ``SystemError``.
    init(index: Int, context: ServerContext) throws {
        queue = DispatchQueue(label: "http.events.\(index)")
        poller = try Poller()
        self.context = context
        accessLog = context.accessLog.map(AccessLog.init)
        counters = ServerCounters(routes: context.router.trie.routes)
        let configuration = context.configuration
        let shortest = [
            configuration.handshakeTimeout, configuration.headerTimeout, configuration.idleTimeout,
            configuration.bodyTimeout, configuration.writeTimeout, configuration.lingerTimeout,
        ].min()!
        sweepInterval = min(max(shortest / 4, .milliseconds(10)), .milliseconds(500)).nanoseconds
        patience = Int32(min(Self.longestPatience, sweepInterval / 1_000_000))
        source = DispatchSource.makeReadSource(fileDescriptor: poller.descriptor, queue: queue)
        // The source may look at the descriptor until it says that it is cancelled.
        source.setCancelHandler { [poller] in withExtendedLifetime(poller) {} }
        source.setEventHandler { [weak self] in self?.run() }
        source.activate()
    }

    deinit {
        source.cancel()
        input.deallocate()
    }

    /// Nanoseconds of the monotonic clock.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: Work

    /// Has `work` done on the queue, in the order of the calls; from any thread.
    func post(_ work: @escaping @Sendable () -> Void) {
        let reader = mailbox.withLock { mailbox in
            mailbox.work.append(work)
            defer { mailbox.reader = .busy }
            return mailbox.reader
        }
        switch reader {
        case .away: queue.async { [self] in run() }
        case .busy: break
        case .waiting: poller.ring()
        }
    }

    func post(after interval: DispatchTimeInterval, _ work: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + interval) { [self] in post(work) }
    }

    /// Does what there is to do until there has been nothing for a while.
    private func run() {
        var isPatient = true
        // It may have been long since the last news.
        noteTime()
        while true {
            sweepIfDue()
            let work = mailbox.withLock { mailbox in
                defer { mailbox.work = [] }
                mailbox.reader = mailbox.work.isEmpty ? (isPatient ? .waiting : .away) : .busy
                return mailbox.work
            }
            for work in work { work() }
            if work.isEmpty, waiting.isEmpty, !isPatient { break }
            let hasNews = takeNews(work.isEmpty && waiting.isEmpty ? patience : 0)
            let continued = waiting
            waiting = []
            for connection in continued { connection.goOn() }
            isPatient = hasNews || !continued.isEmpty || !work.isEmpty
        }
        accessLog?.flush()
        scheduleSweep()
    }

    /// Returns whether there were any.
    private func takeNews(_ patience: Int32) -> Bool {
        accessLog?.flush()
        let news = poller.wait(patience)
        noteTime()
        for event in news {
            switch event.token {
            case Poller.bellToken: break
            case Self.listenerToken: acceptor?.accept()
            default: connections[event.token]?.becameReady(event.readiness)
            }
        }
        return !news.isEmpty
    }

    /// Calls ``Connection/goOn()`` after the others have had their turn.
    func letOthersGoFirst(_ connection: Connection) {
        waiting.append(connection)
    }

    // MARK: Connections

    /// How many connections there are; from any thread.
    var load: Int { connectionCount.load(ordering: .relaxed) }

    /// Accepts connections from a socket that `peers` accept from as well. Throws ``SystemError``.
    func accept(from socket: ListeningSocket, with peers: [EventQueue]) throws {
        post { [self] in acceptor = Acceptor(socket: socket, events: self, peers: peers) }
        try poller.watchListener(socket.descriptor, as: Self.listenerToken)
    }

    /// Goes on after a pause, if there was one; from any thread.
    func acceptAgain() {
        post { [self] in acceptor?.goOn() }
    }

    /// Accepts no more; returns when that is so.
    func stopAccepting() async {
        await withCheckedContinuation { continuation in
            post { [self] in
                acceptor?.end()
                acceptor = nil
                continuation.resume()
            }
        }
    }

    /// Takes over an accepted socket.
    func adopt(_ socket: Socket, _ address: SocketAddress) {
        guard let transport = context.transport(for: socket) else {
            socket.close()
            return context.releaseConnection(address)
        }
        let connection = Connection(transport: transport, remoteAddress: address, events: self)
        connection.token = connections.insert(connection)
        connectionCount.store(connections.count, ordering: .relaxed)
        counters.connections += 1
        if nextSweep == .max { nextSweep = time + sweepInterval }
        do {
            try poller.watch(transport.descriptor, as: connection.token, room: transport.saysGoodbye)
        } catch {
            context.logger.warning("a connection could not be watched", metadata: ["error": "\(error)"])
            return connection.close(.closedByClient)
        }
        if isDraining { connection.drain() }
    }

    /// From now on tells a connection when there is room for more to be sent.
    func watchRoom(_ connection: Connection) {
        // Watched it is already, so that only a lack of memory can be in the way; then time ends the connection.
        try? poller.watchRoom(connection.transport.descriptor, as: connection.token)
    }

    /// The time of ``Connection/expire()`` has changed.
    func reschedule(_ connection: Connection) {
        connections.setDeadline(of: connection)
    }

    func remove(_ connection: Connection) {
        connections.remove(connection.token)
        connectionCount.store(connections.count, ordering: .relaxed)
    }

    /// Ends idle connections now, the others with the request under way.
    func drain() {
        post { [self] in
            isDraining = true
            for connection in connections.all { connection.drain() }
        }
    }

    func closeAll() {
        post { [self] in
            for connection in connections.all { connection.close(.shutDown) }
        }
    }

    /// Hands on what is logged; returns when that is done.
    func flushLog() async {
        await withCheckedContinuation { continuation in
            post { [self] in
                accessLog?.flush()
                continuation.resume()
            }
        }
    }

    /// What has been counted so far.
    func counted() async -> ServerCounters {
        await withCheckedContinuation { continuation in
            post { [self] in continuation.resume(returning: counters) }
        }
    }

    // MARK: Time

    private func sweepIfDue() {
        guard time >= nextSweep else { return }
        for connection in connections.expired(at: time) { connection.expire() }
        nextSweep = connections.count == 0 ? .max : time + sweepInterval
    }

    /// While the queue is away, Dispatch wakes it for the next sweep.
    private func scheduleSweep() {
        guard nextSweep < .max, !isSweepScheduled else { return }
        isSweepScheduled = true
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(sweepInterval))) { [weak self] in
            guard let self else { return }
            isSweepScheduled = false
            run()
        }
    }

    private func noteTime() {
        time = Self.now()
        var date = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &date)
        second = date.tv_sec
    }
}

extension Duration {
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
