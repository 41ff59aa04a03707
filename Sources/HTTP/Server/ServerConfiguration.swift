/// Where a server listens and what it bounds.
package struct ServerConfiguration: Sendable {
    /// Name or address to bind to.
    package var host: String
    /// Port to bind to; 0 takes a free one.
    package var port: Int
    /// A socket that listens already, in place of host and port.
    package var listeningSocket: Int32?
    /// Connections the kernel keeps waiting for us.
    package var backlog: Int32 = 1024
    /// Connections open at a time; more wait in the kernel's backlog.
    package var maxConnections = 16_384
    /// Connections open at a time from one address, that of a proxy for all it asks for; more are closed at once.
    package var maxConnectionsPerAddress = 4096
    /// Proxies that are believed when they say whom they ask for (``ForwardedFields``).
    package var trustedProxies: [AddressRange] = []
    /// Serial queues that connections are spread over; nil for one per two processors. One carries 100,000 small requests a
    /// second, and each beyond what is needed takes time from those who ask and those who compute.
    package var eventQueues: Int?
    package var limits = RequestLimits()
    /// TLS for all connections; nil for none.
    package var tls: TLSConfiguration?
    /// From accepting a connection to the end of TLS's handshake.
    package var handshakeTimeout: Duration = .seconds(10)
    /// From the first byte of a request (on a new connection, from accepting it) to the end of its header.
    package var headerTimeout: Duration = .seconds(15)
    /// Between two requests of a connection.
    package var idleTimeout: Duration = .seconds(75)
    /// Between two pieces of a request's body, while the server is waiting for it.
    package var bodyTimeout: Duration = .seconds(30)
    /// Without the client taking a byte of what is to be sent.
    package var writeTimeout: Duration = .seconds(30)
    /// Bytes a second that a request's body must come with on the average, once the time for a piece has passed.
    package var bodyRate = 1024
    /// Bytes a second that an answer must be taken with on the average, once the time for a piece has passed.
    package var writeRate = 4096
    /// Between two pieces of a stream of events: when there is no event for so long, a comment is sent.
    package var eventHeartbeat: Duration = .seconds(15)
    /// For a client to close after its last answer, while what it still sends is read and dropped.
    package var lingerTimeout: Duration = .seconds(5)
    /// Bytes that are read and dropped then.
    package var lingerBytes = 64 << 20
    /// After cancellation, for requests under way to finish.
    package var drainTimeout: Duration = .seconds(30)

    package init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }
}
