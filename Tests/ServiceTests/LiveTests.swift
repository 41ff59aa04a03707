import Foundation
import HTTP
import Jobs
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
        let answer = try await exchange(
            port: address.port,
            "POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
        #expect(answer.hasPrefix("HTTP/1.1 201"))
        #expect(answer.lowercased().contains("x-request-id:"))
        let ready = try await exchange(
            port: address.port,
            "GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        #expect(ready.hasSuffix(#"{"ready":true}"#))
        let metrics = try await exchange(
            port: address.port,
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        #expect(metrics.contains(#"limbic_http_requests_total{method="POST",route="/v1/datasets",status="201"} 1"#))
        #expect(
            metrics.contains(
                #"limbic_http_request_duration_seconds_bucket{method="GET",route="/v2/health/ready",le="+Inf"} 1"#))
        #expect(metrics.contains("\nlimbic_http_connections_total 3\n"))
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
}
