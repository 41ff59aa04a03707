import Dispatch
import Logging

/// Accepts connections on a queue of its own and deals them out in turn. Pauses while the server has as many as it may
/// have, or the system is out of descriptors.
///
/// `@unchecked Sendable`: everything that changes is touched on `queue` only.
final class Listener: @unchecked Sendable {
    /// How long to wait for a descriptor to be freed.
    private static let exhaustionPause = DispatchTimeInterval.milliseconds(100)
    /// Connections taken before other work on the queue gets its turn.
    private static let batch = 64

    private enum Pause {
        case full
        case exhausted
    }

    private let socket: ListeningSocket
    private let context: ServerContext
    private let queue = DispatchQueue(label: "http.listener")
    private let source: any DispatchSourceRead
    private let deal: @Sendable (Socket, SocketAddress) -> Void
    private var pause: Pause?
    private var isStopped = false
    private var onStopped: CheckedContinuation<Void, Never>?

    /// - Parameter deal: given each connection, on the listener's queue.
    init(socket: ListeningSocket, context: ServerContext, deal: @escaping @Sendable (Socket, SocketAddress) -> Void) {
        self.socket = socket
        self.context = context
        self.deal = deal
        source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: queue)
        // The source keeps the listener until it is stopped.
        source.setEventHandler { [self] in accept() }
        source.setCancelHandler { [self] in
            socket.close()
            onStopped?.resume()
        }
    }

    func start() {
        source.activate()
    }

    /// Accepts no more and returns when the socket is closed. Connections not taken from the kernel's backlog yet are
    /// refused.
    func stop() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                guard !isStopped else { return continuation.resume() }
                isStopped = true
                onStopped = continuation
                source.cancel()
                if pause != nil { source.resume() }
            }
        }
    }

    /// To be called when a connection has ended.
    func connectionEnded() {
        queue.async { [self] in
            if pause == .full { resume() }
        }
    }

    private func accept() {
        for _ in 0..<Self.batch {
            guard context.reserveConnection() else { return suspend(.full) }
            switch socket.accept() {
            case .connection(let socket, let address):
                guard context.count(address) else {
                    context.logger.debug("too many connections", metadata: ["address": "\(address.host)"])
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
                context.logger.warning("accepting paused", metadata: ["error": "\(error)"])
                suspend(.exhausted)
                queue.asyncAfter(deadline: .now() + Self.exhaustionPause) { [self] in resume() }
                return
            }
        }
    }

    private func suspend(_ reason: Pause) {
        pause = reason
        source.suspend()
    }

    private func resume() {
        guard pause != nil, !isStopped else { return }
        pause = nil
        source.resume()
    }
}
