import Dispatch
import Logging
import Platform

/// Accepts connections on an event queue, and keeps them there unless another queue has far fewer. Pauses while the server
/// has as many as it may have, or the system is out of descriptors.
///
/// Belongs to its queue, and is touched there only.
final class Acceptor {
    /// How long to wait for a descriptor to be freed.
    private static let exhaustionPause = DispatchTimeInterval.milliseconds(100)
    /// Connections taken before other work on the queue gets its turn.
    private static let batch = 16

    private let socket: ListeningSocket
    private unowned let events: EventQueue
    /// The other queues.
    private let peers: [EventQueue]
    private var nextPeer = 0
    private var isPaused = false

    init(socket: ListeningSocket, events: EventQueue, peers: [EventQueue]) {
        self.socket = socket
        self.events = events
        self.peers = peers
    }

    /// There may be connections to be accepted.
    func accept() {
        guard !isPaused else { return }
        let context = events.context
        for _ in 0..<Self.batch {
            guard context.reserveConnection() else { return pause() }
            switch socket.accept() {
            case .connection(let socket, let address):
                guard context.count(address) else {
                    context.logger.debug("too many connections", metadata: ["address": "\(address.host)"])
                    events.counters.refuse("too_many_connections")
                    socket.close()
                    context.releaseConnection()
                    continue
                }
                deal(socket, address)
            case .skipped:
                context.releaseConnection()
            case .wouldBlock:
                return context.releaseConnection()
            case .exhausted(let error):
                context.releaseConnection()
                pause()
                return goOnLater(error)
            }
        }
    }

    /// Looks at one other queue at a time: the better of two is nearly as good as the best of all.
    private func deal(_ socket: Socket, _ address: SocketAddress) {
        guard !peers.isEmpty else { return events.adopt(socket, address) }
        nextPeer = (nextPeer + 1) % peers.count
        let peer = peers[nextPeer]
        // A few more are no reason to wake another thread.
        if peer.load * 9 / 8 + 8 <= events.load {
            peer.post { peer.adopt(socket, address) }
        } else {
            events.adopt(socket, address)
        }
    }

    private func pause() {
        isPaused = true
        events.poller.unwatch(socket.descriptor)
    }

    private func goOnLater(_ error: SystemError) {
        events.context.logger.warning("accepting paused", metadata: ["error": "\(error)"])
        events.post(after: Self.exhaustionPause) { [events] in events.acceptAgain() }
    }

    /// There may be room again.
    func goOn() {
        guard isPaused else { return }
        do throws(SystemError) {
            try events.poller.watchListener(socket.descriptor, as: EventQueue.listenerToken)
            isPaused = false
        } catch {
            goOnLater(error)
        }
    }

    /// Accepts no more.
    func end() {
        if !isPaused { events.poller.unwatch(socket.descriptor) }
    }
}
