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
    let path: String
    let connections: Int
    let warmup: Duration
    let duration: Duration

    /// How long a server may take for an answer before the measurement fails, in milliseconds.
    private static let patience: Int32 = 10_000

    /// - Throws: ``Failure`` when a connection fails or an answer is not a 200.
    func run() throws -> Outcome {
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
        let clients = try (0..<connections).map { _ in try HTTPLoadClient(port: port) }
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
                throw ready == 0 ? Failure(.inputOutput, "the server does not answer") : Self.failure("poll")
            }
            for (event, client) in zip(events, clients) where event.revents != 0 {
                guard let size = try client.receive() else { continue }
                now = .now
                if now >= start {
                    outcome.latencies.append((now - client.sent) / .seconds(1))
                    outcome.bytes += size
                }
                try client.send(request)
            }
            now = .now
        }
        outcome.seconds = (now - start) / .seconds(1)
        return outcome
    }

    static func failure(_ operation: String) -> Failure {
        Failure(SystemError(operation))
    }
}

/// One connection of ``HTTPLoad``. It is used by one thread.
private final class HTTPLoadClient {
    let descriptor: Int32
    /// When the request under way was sent.
    private(set) var sent = ContinuousClock.now
    private var buffer = [UInt8](repeating: 0, count: 16_384)
    private var received = 0

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HTTPLoad.failure("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw HTTPLoad.failure("connect") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ request: [UInt8]) throws {
        sent = .now
        // A request is far smaller than the socket's buffer, which is empty: it goes out whole.
        let count = request.withUnsafeBytes {
            Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count == request.count else { throw HTTPLoad.failure("send") }
    }

    /// Takes what has arrived.
    ///
    /// - Returns: the size of the response once it is complete.
    func receive() throws -> Int? {
        let count = buffer.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress! + received, $0.count - received, Int32(MSG_DONTWAIT))
        }
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return nil }
            throw count == 0 ? Failure(.inputOutput, "the server closed a connection") : HTTPLoad.failure("recv")
        }
        received += count
        guard
            let size = try buffer.withUnsafeBytes({
                try Self.size(of: UnsafeRawBufferPointer(rebasing: $0[..<received]))
            })
        else {
            guard received < buffer.count else { throw Failure(.inputOutput, "a response is too long") }
            return nil
        }
        guard received >= size else { return nil }
        received = 0
        return size
    }

    /// The size of the response that begins `bytes`, nil while its header is not complete.
    private static func size(of bytes: UnsafeRawBufferPointer) throws -> Int? {
        guard let header = find("\r\n\r\n", in: bytes) else { return nil }
        guard bytes.starts(with: "HTTP/1.1 200 ".utf8) else {
            throw Failure(.inputOutput, "the server did not answer 200")
        }
        guard
            let field = find("\r\nContent-Length: ", in: UnsafeRawBufferPointer(rebasing: bytes[..<header.upperBound]))
        else { throw Failure(.inputOutput, "a response has no Content-Length") }
        let digits = bytes[field.upperBound...].prefix { (0x30...0x39).contains($0) }
        return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 } + header.upperBound
    }

    private static func find(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count, let start = bytes.baseAddress else { return nil }
        for offset in 0...bytes.count - count where memcmp(start + offset, text.utf8Start, count) == 0 {
            return offset..<offset + count
        }
        return nil
    }
}
