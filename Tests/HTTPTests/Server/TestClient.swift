import Dispatch
import Glibc

@testable import HTTP
import Platform

/// A client on a plain blocking socket, which sends exactly what it is told to. Its calls block on a queue of their own,
/// never on the tasks' threads.
final class TestClient: Sendable {
    struct Reply: Equatable {
        var status: Int
        /// Names in lower case.
        var fields: [String: String]
        var body: String
    }

    /// A reply whose body may be anything.
    struct RawReply {
        var status: Int
        var fields: [String: String]
        var body: [UInt8]
    }

    /// The server closed or reset the connection, or sent nothing for a long time.
    struct Ended: Error {}

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "test.client")
    private let unread = Unread()

    /// `@unchecked Sendable`: touched on the client's queue only.
    private final class Unread: @unchecked Sendable {
        var bytes: [UInt8] = []
    }

    /// - Parameter receiveBuffer: size of the kernel's buffer, to make a slow reader of few bytes.
    init(_ address: SocketAddress, receiveBuffer: Int32? = nil) throws {
        descriptor = try Self.connect(to: address, receiveBuffer: receiveBuffer)
    }

    /// A blocking socket that is connected.
    static func connect(to address: SocketAddress, receiveBuffer: Int32? = nil) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        // Only ends a test that would hang.
        var patience = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(address.port).bigEndian
        target.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafeBytes(of: &target) {
            Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count))
        }
        guard status == 0 else {
            let error = SystemError("connect")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await blocking { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Ended() }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Says that no more will be sent.
    func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection by a reset.
    func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        // Takes the place of the socket, which is closed by that.
        let other = open("/dev/null", O_RDONLY)
        dup2(other, descriptor)
        close(other)
    }

    /// Reads one reply: by its length, its chunks, or neither if it has no body.
    func reply(toHead: Bool = false) async throws -> Reply {
        let reply = try await rawReply(toHead: toHead)
        return Reply(
            status: reply.status, fields: reply.fields, body: String(decoding: reply.body, as: UTF8.self))
    }

    /// The same, with the bytes of the body.
    func rawReply(toHead: Bool = false) async throws -> RawReply {
        try await blocking { [self] in
            let head = try line(endingIn: "\r\n\r\n")
            var lines = head.split(separator: "\r\n")
            let status = Int(lines.removeFirst().split(separator: " ")[1])!
            var fields: [String: String] = [:]
            for line in lines {
                let parts = line.split(separator: ":", maxSplits: 1)
                fields[parts[0].lowercased()] = String(parts[1].dropFirst())
            }
            var body: [UInt8] = []
            if toHead || status < 200 {
                // No body, whatever the fields say.
            } else if let length = fields["content-length"].flatMap({ Int($0) }) {
                body = try take(length)
            } else if fields["transfer-encoding"] == "chunked" {
                while true {
                    // CR LF is one Character.
                    let size = Int(try line(endingIn: "\r\n").dropLast(1), radix: 16)!
                    body += try take(size)
                    guard try take(2) == [13, 10] else { throw Ended() }
                    if size == 0 { break }
                }
            }
            return RawReply(status: status, fields: fields, body: body)
        }
    }

    /// Reads exactly so many bytes.
    func read(_ count: Int) async throws -> [UInt8] {
        try await blocking { [self] in try take(count) }
    }

    /// Reads what comes up to `end` and with it.
    func read(through end: String) async throws -> String {
        try await blocking { [self] in try line(endingIn: end) }
    }

    /// Reads until the server closes; throws if it resets the connection.
    func readToEnd() async throws -> String {
        try await blocking { [self] in
            while try fill() {}
            defer { unread.bytes = [] }
            return String(decoding: unread.bytes, as: UTF8.self)
        }
    }

    private func line(endingIn end: String) throws -> String {
        let end = Array(end.utf8)
        while true {
            let bytes = unread.bytes
            if let index = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) {
                return String(decoding: try take(index + end.count), as: UTF8.self)
            }
            guard try fill() else { throw Ended() }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while unread.bytes.count < count {
            guard try fill() else { throw Ended() }
        }
        defer { unread.bytes.removeFirst(count) }
        return Array(unread.bytes.prefix(count))
    }

    /// Returns false at the end.
    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Ended() }
        unread.bytes += buffer[..<count]
        return count > 0
    }

    private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
