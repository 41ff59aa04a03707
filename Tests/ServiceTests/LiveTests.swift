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
        try await LiveService(.make(directory)).run { port in
            let body = #"{"name": "live"}"#
            let answer = try await exchange(
                port: port,
                "POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
            )
            #expect(answer.hasPrefix("HTTP/1.1 201"))
            #expect(answer.lowercased().contains("x-request-id:"))
            let ready = try await exchange(
                port: port,
                "GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            #expect(ready.hasSuffix(#"{"ready":true}"#))
            let metrics = try await exchange(
                port: port,
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            #expect(metrics.contains(#"limbic_http_requests_total{method="POST",route="/v1/datasets",status="201"} 1"#))
            #expect(
                metrics.contains(
                    #"limbic_http_request_duration_seconds_bucket{method="GET",route="/v2/health/ready",le="+Inf"} 1"#))
            #expect(metrics.contains("\nlimbic_http_connections_total 3\n"))
        }
        // What was made is there for the next server.
        let next = try Backend(.make(directory), logger: .quiet)
        #expect(try await next.datasets.list().data.map(\.name) == ["live"])
        try next.database.close()
    }

    @Test func refusesASecondServerOnItsData() throws {
        let service = try TestService.make()
        #expect(throws: (any Error).self) { try LimbicService(.make(service.directory), logger: .quiet) }
    }

    /// Versions take over from each other while clients ask: one is loaded anew, and the aliases move to it.
    @Test func aRollingReloadLosesNoRequest() async throws {
        let service = try TestService.make()
        for _ in 1...2 { try await service.makeModel() }
        try service.backend.database.close()
        try await LiveService(.make(service.directory)).run { port in
            let isOver = Mutex(false)
            try await Self.moveAliases(1, port)
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for query in ["", "", "?version=@live", "?version=@live"] {
                    clients.addTask {
                        repeat {
                            let clip = #"{"clips": [{"audio": [[1, 2]], "text": [[1, 2, 3]]}]}"#
                            let request = Self.request("POST", "/v1/models/emo/predict\(query)", clip)
                            let answer = try await exchange(port: port, request)
                            #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
                        } while !isOver.withLock { $0 }
                    }
                }
                for turn in 0..<20 {
                    let answer = try await exchange(port: port, Self.request("POST", "/v2/repository/models/emo/load"))
                    #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
                    try await Self.moveAliases(turn % 2 + 1, port)
                }
                isOver.withLock { $0 = true }
                try await clients.waitForAll()
            }
        }
    }

    private static func moveAliases(_ version: Int, _ port: Int) async throws {
        for alias in ["live", "default"] {
            let request = request("PUT", "/v1/models/emo/aliases/\(alias)", #"{"version": \#(version)}"#)
            let answer = try await exchange(port: port, request)
            #expect(answer.hasPrefix("HTTP/1.1 20"), "\(answer)")
        }
    }

    private static func request(_ method: String, _ target: String, _ body: String = "") -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
