import Dispatch
import Glibc

/// A serial queue on which a share of the connections live, with what they use in turn: one input buffer, one output
/// buffer, one encoder, one sweep for all their timeouts.
///
/// `@unchecked Sendable`: everything that changes is touched on `queue` only.
final class EventQueue: @unchecked Sendable {
    /// What one read takes at most, in bytes.
    private static let inputSize = 64 * 1024

    let queue: DispatchQueue
    let context: ServerContext
    /// Scratch for the bytes of one read.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    /// What the connection whose turn it is wants to send; empty between turns.
    var output: [UInt8] = []
    var encoder = ResponseEncoder()
    var ids = RequestIDGenerator()
    private(set) var isDraining = false
    private var connections: [Connection] = []
    private var isSweepScheduled = false
    private let sweepInterval: DispatchTimeInterval

    init(index: Int, context: ServerContext) {
        queue = DispatchQueue(label: "http.events.\(index)")
        self.context = context
        output.reserveCapacity(Self.inputSize)
        let configuration = context.configuration
        let shortest = [
            configuration.headerTimeout, configuration.idleTimeout, configuration.bodyTimeout,
            configuration.writeTimeout,
        ].min()!
        sweepInterval = .nanoseconds(Int(min(max(shortest / 4, .milliseconds(10)), .milliseconds(500)).nanoseconds))
    }

    deinit {
        input.deallocate()
    }

    /// Nanoseconds of the monotonic clock.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Takes over an accepted socket. Called from the listener's queue.
    func adopt(_ socket: Socket, _ address: SocketAddress) {
        queue.async { [self] in
            let connection = Connection(socket: socket, remoteAddress: address, events: self)
            connection.index = connections.count
            connections.append(connection)
            connection.start()
            if isDraining { connection.drain() }
            scheduleSweep()
        }
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
    }

    /// Ends idle connections now, the others with the request under way.
    func drain() {
        queue.async { [self] in
            isDraining = true
            // A copy: connections take themselves off the list.
            for connection in Array(connections) { connection.drain() }
        }
    }

    func closeAll() {
        queue.async { [self] in
            for connection in Array(connections) { connection.close(.shutDown) }
        }
    }

    private func scheduleSweep() {
        guard !isSweepScheduled, !connections.isEmpty else { return }
        isSweepScheduled = true
        queue.asyncAfter(deadline: .now() + sweepInterval) { [self] in
            isSweepScheduled = false
            let now = Self.now()
            for connection in connections.filter({ $0.deadline <= now }) { connection.expire() }
            scheduleSweep()
        }
    }
}

extension Duration {
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
