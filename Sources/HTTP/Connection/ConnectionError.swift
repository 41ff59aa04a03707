/// Why a connection ended under a handler that was still reading from it or writing to it.
package enum ConnectionError: Error, Equatable, Sendable {
    /// The client closed or reset the connection.
    case closedByClient
    /// The client sent or took nothing for longer than the configured time.
    case timedOut
    /// The client took events more slowly than they came.
    case tooSlow
    /// The server is stopping and the drain time is over.
    case shutDown
    /// The handler sent more or fewer bytes than the length it had announced.
    case wrongLength
}
