import HTTPTypes
import Testing

@testable import HTTP

/// Streams of events over sockets.
struct EventStreamTests {
    private func router(_ feed: EventFeed, onEnd: @escaping @Sendable () -> Void = {}) -> Router {
        var router = Router()
        router.on(
            .get, "/",
            handler: { request in
                .events { writer in
                    defer { onEnd() }
                    try await feed.send(to: writer, after: request.lastEventID ?? 0)
                }
            })
        return router
    }

    private func listen(
        _ address: SocketAddress, _ fields: String = "", version: String = "1.1", receiveBuffer: Int32? = nil
    ) async throws -> TestClient {
        let client = try TestClient(address, receiveBuffer: receiveBuffer)
        try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n")
        return client
    }

    private func ids(_ text: String) -> [Int] {
        text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
    }

    @Test func allListenersGetTheSameEventsInOrder() async throws {
        let feed = EventFeed()
        feed.publish([ServerSentEvent(id: 1, data: "hello")])
        try await withServer(router(feed)) { address, _ in
            var clients: [TestClient] = []
            for _ in 0..<200 {
                let client = try await listen(address)
                // Now it listens.
                let beginning = try await client.read(through: "id: 1\n\n\r\n").lowercased()
                #expect(beginning.contains("content-type: text/event-stream\r\n"))
                #expect(beginning.contains("cache-control: no-store\r\n"))
                #expect(beginning.contains("x-accel-buffering: no\r\n"))
                clients.append(client)
            }
            #expect(feed.listenerCount == 200)
            for start in stride(from: 2, to: 100, by: 7) {
                feed.publish((start..<start + 7).map { ServerSentEvent(id: $0, name: "n", data: "\($0)\nx") })
            }
            for client in clients {
                let text = try await client.read(through: "id: 99\n\n\r\n")
                #expect(ids(text) == Array(2...99))
            }
        }
        #expect(feed.listenerCount == 0)
    }

    @Test func aClientThatComesAgainGoesOn() async throws {
        let feed = EventFeed()
        feed.publish((1...5).map { ServerSentEvent(id: $0, data: "x") })
        try await withServer(router(feed)) { address, _ in
            // Compressed, events would have to wait for others.
            let client = try await listen(address, "Last-Event-ID: 3\r\nAccept-Encoding: gzip\r\n")
            let text = try await client.read(through: "id: 5\n\n\r\n")
            #expect(ids(text) == [4, 5])
            feed.publish([ServerSentEvent(id: 6, data: "x")])
            #expect(try await ids(client.read(through: "id: 6\n\n\r\n")) == [6])
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func aSlowListenerIsCutOffWhileOthersGoOn() async throws {
        let feed = EventFeed(queueLimit: 64 << 10)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        feed.publish([ServerSentEvent(id: 1, data: "x")])
        try await withServer(router(feed, onEnd: { end.yield() })) { address, _ in
            let slow = try await listen(address, receiveBuffer: 4096)
            _ = try await slow.read(through: "id: 1\n\n\r\n")
            let quick = try await listen(address)
            _ = try await quick.read(through: "id: 1\n\n\r\n")
            let data = String(repeating: "x", count: 100_000)
            // What the kernel takes for the slow one has a bound.
            var id = 1
            while feed.listenerCount == 2 {
                id += 1
                let event = ServerSentEvent(id: id, data: data)
                feed.publish([event])
                let chunk = EncodedEvent(event).chunk
                #expect(try await quick.read(chunk.count) == chunk)
            }
            for await _ in ended { break }
            feed.publish([ServerSentEvent(id: id + 1, data: "x")])
            #expect(try await ids(quick.read(through: "id: \(id + 1)\n\n\r\n")) == [id + 1])
            // Its stream breaks off in the middle.
            let rest = try? await slow.readToEnd()
            #expect(rest?.hasSuffix("0\r\n\r\n") != true)
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func aServerThatStopsEndsStreams() async throws {
        let feed = EventFeed()
        feed.publish([ServerSentEvent(id: 1, data: "x")])
        let patient = { (configuration: inout ServerConfiguration) in configuration.drainTimeout = .seconds(3600) }
        try await withServer(router(feed), configure: patient) { address, running in
            let client = try await listen(address)
            let head = try await client.read(through: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200"))
            #expect(try await ids(client.read(through: "id: 1\n\n\r\n")) == [1])
            let old = try await listen(address, version: "1.0")
            _ = try await old.read(through: "id: 1\n\n")
            running.cancel()
            #expect(try await client.readToEnd() == "0\r\n\r\n")
            #expect(try await old.readToEnd() == "")
            try await running.value
        }
        #expect(feed.listenerCount == 0)
    }

    @Test(.timeLimit(.minutes(30)))
    func aClientThatGoesAwayIsNoListener() async throws {
        let feed = EventFeed()
        feed.publish([ServerSentEvent(id: 1, data: "x")])
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        try await withServer(router(feed, onEnd: { end.yield() })) { address, _ in
            let client = try await listen(address)
            _ = try await client.read(through: "id: 1\n\n\r\n")
            #expect(feed.listenerCount == 1)
            client.reset()
            for await _ in ended { break }
            #expect(feed.listenerCount == 0)
        }
    }

    @Test func aFeedThatEndsEndsItsStreams() async throws {
        let feed = EventFeed()
        feed.publish([ServerSentEvent(id: 1, data: "x")])
        try await withServer(router(feed)) { address, _ in
            let client = try await listen(address)
            feed.publish([ServerSentEvent(id: 2, data: "x")])
            feed.finish()
            #expect(try await ids(client.reply().body) == [1, 2])
            // The connection goes on.
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = try await client.reply(toHead: true)
            #expect(reply.status == 200 && reply.fields["content-type"] == "text/event-stream")
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\n\r\n")
            #expect(try await ids(client.reply().body) == [2])
        }
    }

    @Test(arguments: ["1.0", "1.1"])
    func aSilentStreamIsKeptAlive(_ version: String) async throws {
        let feed = EventFeed()
        let brief = { (configuration: inout ServerConfiguration) in configuration.eventHeartbeat = .milliseconds(10) }
        try await withServer(router(feed), configure: brief) { address, _ in
            let client = try await listen(address, version: version)
            for _ in 0..<2 { #expect(try await client.read(through: ": \n\n").hasSuffix(": \n\n")) }
            feed.publish([ServerSentEvent(id: 1, data: "x")])
            #expect(try await ids(client.read(through: "id: 1\n\n")) == [1])
        }
    }
}
