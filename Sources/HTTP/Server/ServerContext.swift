import Logging
import Platform

/// What all connections of a server share.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let logger: Logger
    let accessLog: LogWriter?
    private let state = Mutex(State())
    private let tls: Mutex<TLSContext?>

    private struct State {
        var connections = 0
        /// By address.
        var counts: [String: Int] = [:]
        var onEnd: (@Sendable () -> Void)?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(
        configuration: ServerConfiguration,
        router: Router,
        logger: Logger,
        accessLog: LogWriter?
    ) throws(TLSError) {
        self.configuration = configuration
        self.router = router
        self.logger = logger
        self.accessLog = accessLog
        if let files = configuration.tls { tls = Mutex(try TLSContext(files)) } else { tls = Mutex(nil) }
    }

    /// What carries a connection's bytes; nil when there is no memory for it.
    func transport(for socket: Socket) -> Transport? {
        guard let context = tls.withLock({ $0 }) else { return .plain(socket) }
        return TLSConnection(socket, context).map { .tls($0) }
    }

    /// Reads certificate and key anew, for the connections to come. Throws ``TLSError``, and then leaves all as it was.
    func reloadCertificate() throws(TLSError) {
        guard let files = configuration.tls else { return }
        let context = try TLSContext(files, replacing: tls.withLock { $0 })
        tls.withLock { $0 = context }
    }

    /// Counts one connection more, or returns false if there are as many as may be.
    func reserveConnection() -> Bool {
        state.withLock { state in
            guard state.connections < configuration.maxConnections else { return false }
            state.connections += 1
            return true
        }
    }

    /// Counts a connection that was reserved for its address, or returns false if that has as many as it may have.
    func count(_ address: SocketAddress) -> Bool {
        state.withLock { state in
            let count = state.counts[address.host, default: 0]
            guard count < configuration.maxConnectionsPerAddress else { return false }
            state.counts[address.host] = count + 1
            return true
        }
    }

    /// - Parameter address: the one that the connection was counted for.
    func releaseConnection(_ address: SocketAddress? = nil) {
        let (onEnd, waiters) = state.withLock { state in
            state.connections -= 1
            if let host = address?.host, let count = state.counts[host] {
                state.counts[host] = count > 1 ? count - 1 : nil
            }
            // Only the step from full to not full lets those go on who accept.
            let isNews = state.connections == configuration.maxConnections - 1
            let waiters = state.connections == 0 ? state.waiters : []
            if state.connections == 0 { state.waiters = [] }
            return (isNews ? state.onEnd : nil, waiters)
        }
        onEnd?()
        waiters.forEach { $0.resume() }
    }

    /// - Parameter action: called when there is room for a connection again.
    func onRoom(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.onEnd = action }
    }

    /// Returns once no connection is open.
    func waitForNoConnections() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.connections > 0 { state.waiters.append(continuation) }
                return state.connections == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}
