import Logging
import Platform

/// What all connections of a server share.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let logger: Logger
    let observe: (@Sendable (Exchange) -> Void)?
    private let state = Mutex(State())

    private struct State {
        var connections = 0
        var onEnd: (@Sendable () -> Void)?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(
        configuration: ServerConfiguration,
        router: Router,
        logger: Logger,
        observe: (@Sendable (Exchange) -> Void)?
    ) {
        self.configuration = configuration
        self.router = router
        self.logger = logger
        self.observe = observe
    }

    /// Counts one connection more, or returns false if there are as many as may be.
    func reserveConnection() -> Bool {
        state.withLock { state in
            guard state.connections < configuration.maxConnections else { return false }
            state.connections += 1
            return true
        }
    }

    func releaseConnection() {
        let (onEnd, waiters) = state.withLock { state in
            state.connections -= 1
            // Only the step from full to not full lets the listener go on.
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
