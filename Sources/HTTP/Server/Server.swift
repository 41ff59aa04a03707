import Dispatch
import Glibc
package import Logging
package import Platform

/// An HTTP/1.1 server: a listening socket and the queues its connections live on.
package final class Server: Sendable {
    private let context: ServerContext
    let queues: [EventQueue]
    private let socket = Mutex<ListeningSocket?>(nil)

    /// Throws ``SystemError`` or ``TLSError``.
    ///
    /// - Parameter accessLog: where a line is written for each exchange.
    package init(
        configuration: ServerConfiguration,
        router: Router,
        logger: Logger,
        accessLog: LogWriter? = nil
    ) throws {
        // Sending a file to a connection that is gone shall be an error of the call.
        signal(SIGPIPE, SIG_IGN)
        let context = try ServerContext(
            configuration: configuration, router: router, logger: logger, accessLog: accessLog)
        self.context = context
        let count = configuration.eventQueues ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / 2)
        precondition(count > 0, "a server needs an event queue")
        queues = try (0..<count).map { try EventQueue(index: $0, context: context) }
    }

    /// Binds and starts to accept. Returns the address bound, with the port the system chose if 0 was asked for.
    /// Throws ``SystemError`` or ``AddressError``.
    ///
    /// - Parameter check: called with the address before a connection is accepted; when it throws, none is.
    package func start(_ check: (SocketAddress) throws -> Void = { _ in }) async throws -> SocketAddress {
        try socket.withLock { current in
            if let current { return current.address }
            let configuration = context.configuration
            let socket =
                if let descriptor = configuration.listeningSocket {
                    try ListeningSocket(adopting: descriptor)
                } else {
                    try ListeningSocket(
                        host: configuration.host, port: configuration.port, backlog: configuration.backlog)
                }
            context.onRoom { [queues] in queues.forEach { $0.acceptAgain() } }
            do {
                try check(socket.address)
                for queue in queues { try queue.accept(from: socket, with: queues.filter { $0 !== queue }) }
            } catch {
                socket.close()
                throw error
            }
            current = socket
            return socket.address
        }
    }

    /// What has been counted since the start.
    package func counters() async -> ServerCounters {
        var sum = ServerCounters(routes: context.router.trie.routes)
        for queue in queues { sum.add(await queue.counted()) }
        sum.openConnections = queues.reduce(0) { $0 + $1.load }
        return sum
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
        context.onRoom(nil)
        for queue in queues { await queue.stopAccepting() }
        // Connections not taken from the kernel's backlog yet are refused.
        socket.withLock { $0 }?.close()
        for queue in queues { queue.drain() }
        let force = DispatchWorkItem { [queues] in queues.forEach { $0.closeAll() } }
        let patience = Int(context.configuration.drainTimeout.nanoseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(patience), execute: force)
        await context.waitForNoConnections()
        force.cancel()
        for queue in queues { await queue.flushLog() }
    }
}
