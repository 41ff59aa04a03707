import Foundation
import HTTP
import Jobs
import Platform
import Testing

@testable import Service

/// The whole service over a socket.
struct LiveTests {
    @Test func servesUntilItIsCancelled() async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        let service = try LimbicService(.make(directory), logger: .quiet)
        let (addresses, continuation) = AsyncStream<SocketAddress>.makeStream()
        let running = Task {
            defer { continuation.finish() }
            try await service.run { continuation.yield($0) }
        }
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        let body = #"{"name": "live"}"#
        let answer = try await Self.exchange(
            port: address.port,
            "POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
        #expect(answer.hasPrefix("HTTP/1.1 201"))
        #expect(answer.lowercased().contains("x-request-id:"))
        let ready = try await Self.exchange(
            port: address.port,
            "GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        #expect(ready.hasSuffix(#"{"ready":true}"#))
        running.cancel()
        _ = await running.result
        // What was made is there for the next server.
        let next = try Backend(.make(directory), logger: .quiet)
        #expect(try await next.datasets.list().data.map(\.name) == ["live"])
        try next.database.close()
    }

    @Test func refusesASecondServerOnItsData() throws {
        let service = try TestService.make()
        #expect(throws: (any Error).self) { try LimbicService(.make(service.directory), logger: .quiet) }
    }

    /// Sends `text` over a connection of its own, and returns all that comes back.
    private static func exchange(port: Int, _ text: String) async throws -> String {
        try await WorkQueue("test.client").run {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw SystemError("socket") }
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0 else { throw SystemError("connect") }
            var bytes = Array(text.utf8)
            guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
            bytes = [UInt8](repeating: 0, count: 1 << 16)
            var answer: [UInt8] = []
            while case let count = read(descriptor, &bytes, bytes.count), count > 0 { answer += bytes[..<count] }
            return String(decoding: answer, as: UTF8.self)
        }
    }
}
