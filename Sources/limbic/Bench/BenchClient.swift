import Foundation
import Platform

/// A request that is measured.
struct HTTPMessage: Sendable {
    var method = "GET"
    let path: String
    var type = "application/json"
    var body: [UInt8] = []

    func bytes(port: Int) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if method != "GET" { head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" }
        return Array("\(head)\r\n".utf8) + body
    }
}

/// One kept-alive connection to a server on the loopback device. It is used by one thread.
final class BenchClient {
    let descriptor: Int32
    private let port: Int
    /// When the request under way was sent.
    private(set) var sent = ContinuousClock.now
    private var buffer = [UInt8](repeating: 0, count: 16_384)
    private var received = 0

    init(port: Int) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(SystemError("socket")) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(SystemError("connect")) }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends a request and waits for the answer.
    ///
    /// - Returns: its body.
    func exchange(_ request: HTTPMessage) throws -> ArraySlice<UInt8> {
        try send(request.bytes(port: port))
        while true {
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, -1) > 0 || errno == EINTR else { throw Failure(SystemError("poll")) }
            if let answer = try receive() { return buffer[answer.body] }
        }
    }

    func send(_ request: [UInt8]) throws {
        sent = .now
        var rest = request[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 || errno == EINTR else { throw Failure(SystemError("send")) }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Takes what has arrived.
    ///
    /// - Returns: the size of the response once it is complete, and where its body lies.
    func receive() throws -> (size: Int, body: Range<Int>)? {
        if received == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
        let count = buffer.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress! + received, $0.count - received, Int32(MSG_DONTWAIT))
        }
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return nil }
            throw count == 0 ? Failure(.inputOutput, "the server closed a connection") : Failure(SystemError("recv"))
        }
        received += count
        let body = try buffer.withUnsafeBytes { try Self.body(of: UnsafeRawBufferPointer(rebasing: $0[..<received])) }
        guard let body, received >= body.upperBound else { return nil }
        received = 0
        return (body.upperBound, body)
    }

    /// Where the body of the response that begins `bytes` lies, nil while its header is not complete.
    private static func body(of bytes: UnsafeRawBufferPointer) throws -> Range<Int>? {
        guard let header = find("\r\n\r\n", in: bytes) else { return nil }
        guard bytes.starts(with: "HTTP/1.1 2".utf8) else {
            let line = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self)
            throw Failure(.inputOutput, "the server answered \(line)")
        }
        guard
            let field = find("\r\nContent-Length: ", in: UnsafeRawBufferPointer(rebasing: bytes[..<header.upperBound]))
        else { throw Failure(.inputOutput, "a response has no Content-Length") }
        let digits = bytes[field.upperBound...].prefix { (0x30...0x39).contains($0) }
        let count = digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
        return header.upperBound..<header.upperBound + count
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
