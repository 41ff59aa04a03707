import HTTPTypes
import Platform
import Testing

@testable import HTTP

/// Neither side is flooded by the other, and work for a client that has gone ends.
@Suite struct FlowControlTests {
    @Test func aSlowConsumerHoldsTheClientBack() async throws {
        let taken = Mutex(0)
        let (go, start) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(.post, "/", body: .streamed(limit: 1 << 30)) { request in
            for await _ in go { break }
            for try await chunk in request.body.stream { taken.withLock { $0 += chunk.count } }
            return .text("\(taken.withLock { $0 })")
        }
        try await withServer(router) { address, _ in
            let size = 64 << 20
            let client = try TestClient(address)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            let sent = Mutex(0)
            let sending = Task {
                for _ in 0..<64 {
                    try await client.send([UInt8](repeating: 7, count: 1 << 20))
                    sent.withLock { $0 += 1 << 20 }
                }
                start.yield()
            }
            // The kernel's buffers take a few megabytes; the client cannot get through before the consumer starts.
            let other = try TestClient(address)
            for _ in 0..<200 {
                try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await other.reply().status == 405)
            }
            #expect(sent.withLock { $0 } < size)
            start.yield()
            try await sending.value
            #expect(try await client.reply().body == "\(size)")
        }
    }

    @Test func aSlowClientHoldsTheProducerBack() async throws {
        let written = Mutex(0)
        let size = 64 << 20
        var router = Router()
        router.on(
            .get,
            "/",
            handler: { _ in
                Response(
                    body: .stream(length: size) { writer in
                        for _ in 0..<(size >> 16) {
                            try await writer.write([UInt8](repeating: 7, count: 1 << 16))
                            written.withLock { $0 += 1 << 16 }
                        }
                    }
                )
            }
        )
        router.on(.get, "/now", immediate: { _ in Response() })
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let other = try TestClient(address)
            for _ in 0..<200 {
                try await other.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await other.reply()
            }
            #expect(written.withLock { $0 } < size)
            #expect(try await client.reply().body.utf8.count == size)
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func theHandlerIsCancelledWhenItsClientGoesAway() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (cancelled, cancel) = AsyncStream.makeStream(of: Bool.self)
        var router = Router()
        router.on(
            .get,
            "/wait",
            handler: { _ in
                start.yield()
                // Ends by cancellation alone.
                for await _ in AsyncStream<Never>.makeStream().stream {}
                cancel.yield(Task.isCancelled)
                return Response()
            }
        )
        router.on(.post, "/upload", body: .streamed(limit: 100)) { request in
            start.yield()
            do {
                for try await _ in request.body.stream {}
            } catch {
                cancel.yield(error as? ConnectionError == .closedByClient)
            }
            return Response()
        }
        router.on(
            .get,
            "/stream",
            handler: { _ in
                start.yield()
                return Response(
                    body: .stream { writer in
                        do {
                            while true { try await writer.write([UInt8](repeating: 0, count: 1000)) }
                        } catch {
                            cancel.yield(error is ConnectionError)
                            throw error
                        }
                    }
                )
            }
        )
        try await withServer(router) { address, _ in
            for text in [
                "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
                "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
            ] {
                let client = try TestClient(address)
                try await client.send(text)
                for await _ in started { break }
                client.reset()
                for await isCancelled in cancelled {
                    #expect(isCancelled)
                    break
                }
            }
        }
    }

    /// The consumer is asked to catch up at the body's very last byte, after which nothing will come that could make the
    /// server look for the end.
    @Test(.timeLimit(.minutes(30)), arguments: [0, 1, 64 * 1024])
    func aBodyHeldBackAtItsLastByteEnds(over: Int) async throws {
        let (go, start) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(.post, "/", body: .streamed(limit: 1 << 30)) { request in
            for await _ in go { break }
            var count = 0
            for try await chunk in request.body.stream { count += chunk.count }
            return .text("\(count)")
        }
        let onOneQueue = { (configuration: inout ServerConfiguration) in configuration.eventQueues = 1 }
        try await withServer(router, configure: onOneQueue) { address, _ in
            let size = BodyPipe.capacity + over
            let client = try TestClient(address)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 7, count: size))
            // Each answer leaves the server a turn to take what the other connection has sent.
            let other = try TestClient(address)
            for _ in 0..<50 {
                try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await other.reply().status == 405)
            }
            start.yield()
            #expect(try await client.reply().body == "\(size)")
        }
    }

    /// Or each request to come would cost memory for good.
    @Test(.timeLimit(.minutes(30)), arguments: ["/task", "/deferred", "/immediate", "/gathered"])
    func nothingIsLeftOfAnAnsweredRequest(_ path: String) async throws {
        final class Mark: Sendable {
            let end: AsyncStream<Void>.Continuation
            init(_ end: AsyncStream<Void>.Continuation) { self.end = end }
            deinit { end.finish() }
        }
        let (gone, end) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.admit = { $0.admitted = Mark(end) }
        router.on(.get, "/task", handler: { _ in .text("done") })
        router.on(.get, "/deferred", deferred: { request, responder in responder.respond { .text("done") } })
        router.on(.get, "/immediate", immediate: { _ in .text("done") })
        router.on(.get, "/gathered", body: .buffered(limit: 9), deferred: { $1.respond { .text("done") } })
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            #expect(try await client.reply().body == "done")
            for await _ in gone {}
            withExtendedLifetime(client) {}
        }
    }
}
