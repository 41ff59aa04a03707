import HTTPTypes
import Platform
import Testing

@testable import HTTP

/// What the access log and the counters say of exchanges over sockets.
struct ObservedExchangesTests {
    @Test func exchangesAreObservedByRoute() async throws {
        let (seen, log) = LogWriter.lines()
        var router = ServerTests.make()
        router.on(.get, "/jobs/{id}", handler: { _ in .text("abc") })
        try await withServer(router, accessLog: log) { server, address, _ in
            let client = try TestClient(address)
            let requests = [
                "GET /jobs/7 HTTP/1.1\r\nHost: a\r\nX-Request-Id: r1\r\n\r\n",
                "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
                "GET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /\r\n",
            ]
            for request in requests { try await client.send(request) }
            var lines: [String] = []
            for await line in seen {
                lines.append(line)
                if lines.count == 4 { break }
            }
            #expect(lines[0].contains(" request_id=r1 remote=127.0.0.1 method=GET route=/jobs/{id} status=200 "))
            #expect(lines[0].contains(" bytes_in=0 bytes_out=3 "))
            #expect(lines[1].contains(" method=POST route=/count status=200 bytes_in=4 "))
            #expect(lines[2].contains(" method=GET route=- status=404 "))
            #expect(lines[3].contains(" method=- route=- status=400 "))
            let counters = await server.counters()
            let seen = counters.routes.filter { !$0.answers.isEmpty }
            #expect(seen.map(\.pattern) == [nil, "/count", "/jobs/{id}"])
            #expect(seen.map { $0.answers.map(\.status) } == [[404, 400], [200], [200]])
            #expect(seen.map { $0.durations.counts.reduce(0, +) } == [2, 1, 1])
            #expect(counters.refusals == ["not_found": 1, "malformed_request": 1])
            #expect(counters.connections == 1 && counters.bytesReceived == requests.joined().utf8.count)
            #expect(counters.bytesSent == (try await client.readToEnd()).utf8.count)
        }
    }

    @Test func requestsOfTrustedProxiesAreTheirClients() async throws {
        let (seen, log) = LogWriter.lines()
        var router = Router()
        router.on(.get, "/who", immediate: { .text($0.remoteAddress.host) })
        router.on(.post, "/who", body: .buffered(limit: 100)) { .text($0.remoteAddress.host) }
        let requests = [
            ("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", "192.0.2.1"),
            (
                "POST /who HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[2001:db8::1]\"\r\nContent-Length: 1\r\n\r\na",
                "2001:db8::1"
            ),
            ("GET /who HTTP/1.1\r\nHost: a\r\n\r\n", "127.0.0.1"),
        ]
        for trusted in ["127.0.0.0/8", "192.0.2.0/24"] {
            let proxies = try [#require(AddressRange(trusted))]
            try await withServer(
                router, configure: { $0.trustedProxies = proxies }, accessLog: log
            ) { address, _ in
                let client = try TestClient(address)
                var lines = seen.makeAsyncIterator()
                for (request, said) in requests {
                    let expected = trusted == "127.0.0.0/8" ? said : "127.0.0.1"
                    try await client.send(request)
                    #expect(try await client.reply().body == expected)
                    #expect(await lines.next()?.contains(" remote=\(expected) ") == true)
                }
            }
        }
    }

    /// What is cut off at the end as well.
    @Test func allIsLoggedWhenTheServerHasEnded() async throws {
        let written = Mutex<[UInt8]>([])
        let log = LogWriter { bytes in written.withLock { $0 += bytes } }
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(
            .get, "/never",
            handler: { _ in
                begin.finish()
                try await Task.sleep(for: .seconds(3600))
                return Response()
            })
        try await withServer(router, configure: { $0.drainTimeout = .zero }, accessLog: log) { address, running in
            let client = try TestClient(address)
            try await client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in begun {}
            running.cancel()
            try await running.value
            withExtendedLifetime(client) {}
        }
        log.flush()
        #expect(String(decoding: written.withLock { $0 }, as: UTF8.self).contains(" route=/never status=0 "))
    }
}
