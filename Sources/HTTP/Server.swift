package import Logging

/// An HTTP/1.1 server: a listener and the queues its connections live on.
package final class Server: Sendable {
    package init(
        configuration: ServerConfiguration,
        router: Router,
        logger: Logger,
        observe: (@Sendable (Exchange) -> Void)? = nil
    ) {
    }

    /// Binds and starts to accept. Returns the address bound, with the port the system chose if 0 was asked for.
    /// Throws ``SystemError`` or ``AddressError``.
    package func start() async throws -> SocketAddress {
        fatalError()
    }

    /// Serves until the task is cancelled, then drains: accepts no more, lets requests under way finish with
    /// `Connection: close`, closes idle connections, and closes the rest after the configured time. Starts first if that
    /// has not been done.
    package func run() async throws {
        fatalError()
    }
}
