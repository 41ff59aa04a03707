import Synchronization
import Dispatch
import Glibc
package import Logging
import Platform

/// An HTTP/1.1 server: a listener and the queues its connections live on.
package final class Server: Sendable {
    private let context: ServerContext
    private let queues: [EventQueue]
    private let listener = Mutex<(listener: Listener, address: SocketAddress)?>(nil)

    /// Throws ``SystemError`` or ``TLSError``.
    package init(
        configuration: ServerConfiguration,
        router: Router,
        logger: Logger,
        observe: (@Sendable (Exchange) -> Void)? = nil
    ) throws {
        // Sending a file to a connection that is gone shall be an error of the call.
        signal(SIGPIPE, SIG_IGN)
        let context = try ServerContext(configuration: configuration, router: router, logger: logger, observe: observe)
        self.context = context
        let count = configuration.eventQueues ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        precondition(count > 0, "a server needs an event queue")
        queues = try (0..<count).map { try EventQueue(index: $0, context: context) }
    }

    /// Binds and starts to accept. Returns the address bound, with the port the system chose if 0 was asked for.
    /// Throws ``SystemError`` or ``AddressError``.
    package func start() async throws -> SocketAddress {
        try listener.withLock { current in
            if let current { return current.address }
            let configuration = context.configuration
            let socket =
                if let descriptor = configuration.listeningSocket {
                    try ListeningSocket(adopting: descriptor)
                } else {
                    try ListeningSocket(
                        host: configuration.host, port: configuration.port, backlog: configuration.backlog)
                }
            let next = Atomic(0)
            let listener = Listener(socket: socket, context: context) { [queues] socket, address in
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                queues[index % queues.count].adopt(socket, address)
            }
            context.onRoom { [weak listener] in listener?.connectionEnded() }
            listener.start()
            current = (listener, socket.address)
            return socket.address
        }
    }

    /// Reads the certificate and its key anew, for the connections to come. Throws ``TLSError``, and then goes on with those
    /// that it has.
    package func reloadCertificate() throws(TLSError) { try context.reloadCertificate() }

    /// Serves until the task is cancelled, then drains: accepts no more, lets requests under way finish with
    /// `Connection: close`, closes idle connections, and closes the rest after the configured time. Starts first if that
    /// has not been done.
    package func run() async throws {
        _ = try await start()
        let (cancelled, signal) = AsyncStream.makeStream(of: Never.self)
        await withTaskCancellationHandler {
            for await _ in cancelled {}
        } onCancel: {
            signal.finish()
        }
        await drain()
    }

    private func drain() async {
        let current = listener.withLock { $0?.listener }
        await current?.stop()
        for queue in queues { queue.drain() }
        let force = DispatchWorkItem { [queues] in queues.forEach { $0.closeAll() } }
        let patience = Int(context.configuration.drainTimeout.nanoseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(patience), execute: force)
        await context.waitForNoConnections()
        force.cancel()
    }
}
