import Logging
import Dispatch
import Glibc
import Platform

/// A serial queue on which a share of the connections live, with what they use in turn: the epoll descriptor that watches
/// them, one input buffer, one output buffer, one encoder, one sweep for all their timeouts.
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

    let context: ServerContext
    /// Scratch for the bytes of one read.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    /// What the connection whose turn it is wants to send; empty between turns.
    var output: [UInt8] = []
    var encoder = ResponseEncoder()
    var ids = RequestIDGenerator()
    private(set) var isDraining = false

    private let queue: DispatchQueue
    private let poller: Poller
    private let source: any DispatchSourceRead
    private let mailbox = Mutex(Mailbox())
    private var connections: [Connection] = []
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
        output.reserveCapacity(Self.inputSize)
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

    /// Does what there is to do until there has been nothing for a while.
    private func run() {
        var isPatient = true
        while true {
            sweepIfDue()
            let work = mailbox.withLock { mailbox in
                defer { mailbox.work = [] }
                mailbox.reader = mailbox.work.isEmpty ? (isPatient ? .waiting : .away) : .busy
                return mailbox.work
            }
            for work in work { work() }
            if work.isEmpty, !isPatient { break }
            let hasNews = poller.wait(work.isEmpty && waiting.isEmpty ? patience : 0) { connection, readiness in
                connection.becameReady(readiness)
            }
            let continued = waiting
            waiting = []
            for connection in continued { connection.goOn() }
            isPatient = hasNews || !continued.isEmpty || !work.isEmpty
        }
        scheduleSweep()
    }

    /// Calls ``Connection/goOn()`` after the others have had their turn.
    func letOthersGoFirst(_ connection: Connection) {
        waiting.append(connection)
    }

    // MARK: Connections

    /// Takes over an accepted socket. Called from the listener's queue.
    func adopt(_ socket: Socket, _ address: SocketAddress) {
        post { [self] in
            guard let transport = context.transport(for: socket) else {
                socket.close()
                return context.releaseConnection(address)
            }
            let connection = Connection(transport: transport, remoteAddress: address, events: self)
            connection.index = connections.count
            connections.append(connection)
            do {
                try poller.add(transport.descriptor, for: connection)
            } catch {
                context.logger.warning("a connection could not be watched", metadata: ["error": "\(error)"])
                return connection.close(.closedByClient)
            }
            if isDraining { connection.drain() }
            if nextSweep == .max { nextSweep = Self.now() + sweepInterval }
        }
    }

    func remove(_ connection: Connection) {
        poller.remove(connection.transport.descriptor)
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
    }

    /// Ends idle connections now, the others with the request under way.
    func drain() {
        post { [self] in
            isDraining = true
            // A copy: connections take themselves off the list.
            for connection in Array(connections) { connection.drain() }
        }
    }

    func closeAll() {
        post { [self] in
            for connection in Array(connections) { connection.close(.shutDown) }
        }
    }

    // MARK: Time

    private func sweepIfDue() {
        guard nextSweep < .max else { return }
        let now = Self.now()
        guard now >= nextSweep else { return }
        for connection in connections.filter({ $0.deadline <= now }) { connection.expire() }
        nextSweep = connections.isEmpty ? .max : now + sweepInterval
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
}

extension Duration {
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
