import Foundation
import Platform

/// Clients that ask an HTTP server on the loopback device the same thing over and over, one request at a time on each of
/// several kept-alive connections, from one thread.
struct HTTPLoad: Sendable {
    /// What was measured after the warm-up.
    struct Outcome: Sendable {
        /// Per request, from sending it to the last byte of its response.
        var latencies: [Double] = []
        /// Of responses, headers included.
        var bytes = 0
        var seconds = 0.0
    }

    let port: Int
    let request: HTTPMessage
    let connections: Int
    let warmup: Duration
    let duration: Duration

    /// How long a server may take for an answer before the measurement fails, in milliseconds.
    private static let patience: Int32 = 10_000

    /// - Throws: ``Failure`` when a connection fails or an answer is no success.
    func run() throws -> Outcome {
        let request = request.bytes(port: port)
        let clients = try (0..<connections).map { _ in try BenchClient(port: port) }
        var events = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        for client in clients { try client.send(request) }

        var outcome = Outcome()
        let began = ContinuousClock.now
        let start = began + warmup
        let end = start + duration
        var now = began
        while now < end {
            let ready = poll(&events, nfds_t(connections), Self.patience)
            guard ready > 0 else {
                if ready < 0, errno == EINTR { continue }
                throw ready == 0 ? Failure(.inputOutput, "the server does not answer") : Failure(SystemError("poll"))
            }
            for (event, client) in zip(events, clients) where event.revents != 0 {
                guard let answer = try client.receive() else { continue }
                now = .now
                if now >= start {
                    outcome.latencies.append((now - client.sent) / .seconds(1))
                    outcome.bytes += answer.size
                }
                try client.send(request)
            }
            now = .now
        }
        outcome.seconds = (now - start) / .seconds(1)
        return outcome
    }

}
