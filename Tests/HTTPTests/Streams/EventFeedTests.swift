import HTTPTypes
import Platform
import Testing

@testable import HTTP

/// Feeds and those who listen to them, without a socket.
struct EventFeedTests {
    private func body(_ response: Response) async throws -> String {
        String(decoding: try await response.body.collect(), as: UTF8.self)
    }

    private func events(_ ids: some Sequence<Int>) -> [ServerSentEvent] {
        ids.map { ServerSentEvent(id: $0, data: "x") }
    }

    private func ids(_ text: String) -> [Int] {
        text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
    }

    @Test func repeatsNothingThatIsPublishedTwice() async throws {
        let feed = EventFeed()
        feed.publish(events(1...3))
        feed.publish(events(2...5))
        feed.finish()
        feed.publish(events(6...7))
        #expect(feed.position == 5)
        for (after, wanted) in [(0, [1, 2, 3, 4, 5]), (3, [4, 5]), (5, []), (9, [])] {
            #expect(ids(try await body(.events { try await feed.send(to: $0, after: after) })) == wanted)
        }
        #expect(feed.listenerCount == 0)
    }

    /// Who is behind the history reads pages from where all events are, and no one else does.
    @Test func readsWhatIsTooOld() async throws {
        let feed = EventFeed(historyLimit: 100)
        for id in 1...100 { feed.publish(events([id])) }
        feed.finish()
        let asked = Mutex<[Int]>([])
        let read: @Sendable (Int) async throws -> [ServerSentEvent] = { after in
            asked.withLock { $0.append(after) }
            return (after..<min(after + 30, 100)).map { ServerSentEvent(id: $0 + 1, data: "x") }
        }
        for (after, wanted) in [(0, Array(1...100)), (80, Array(81...100)), (99, [100])] {
            #expect(ids(try await body(.events { try await feed.send(to: $0, after: after, read: read) })) == wanted)
        }
        #expect(asked.withLock { $0 } == [0, 30, 60, 90, 80])
    }

    @Test func goesOnBehindEventsThatAreGone() async throws {
        let feed = EventFeed(after: 10)
        feed.publish(events(11...12))
        feed.finish()
        #expect(ids(try await body(.events { try await feed.send(to: $0, after: 3) { _ in [] } })) == [11, 12])
    }

    /// Listeners come while events do, with a history that holds hardly any of them.
    @Test func losesAndRepeatsNothing() async throws {
        let count = 2000
        let rows = Mutex<[ServerSentEvent]>([])
        let feed = EventFeed(queueLimit: .max, historyLimit: 50)
        let read: @Sendable (Int) async throws -> [ServerSentEvent] = { after in
            rows.withLock { Array($0[after..<min(after + 7, $0.count)]) }
        }
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            group.addTask {
                for id in 1...count {
                    rows.withLock { $0.append(ServerSentEvent(id: id, data: "x")) }
                    // What is read here may have been read by a listener before it is published.
                    await Task.yield()
                    feed.publish(rows.withLock { Array($0.suffix(3)) })
                }
                feed.finish()
                return (count, "")
            }
            for _ in 0..<20 {
                group.addTask {
                    await Task.yield()
                    let after = rows.withLock { $0.count } / 2
                    return (after, try await body(.events { try await feed.send(to: $0, after: after, read: read) }))
                }
            }
            for try await (after, text) in group { #expect(ids(text).elementsEqual(after + 1..<count + 1)) }
        }
        #expect(feed.listenerCount == 0)
    }

    @Test func cutsOffWhoIsTooFarBehind() {
        let listener = EventListener(limit: 100)
        listener.offer((1...100).map { EncodedEvent(ServerSentEvent(id: $0, data: "x")) })
        #expect(!listener.isCutOff)
        guard case .event(let first) = listener.next() else { return #expect(Bool(false), "one call may be larger") }
        #expect(first.id == 1)
        listener.offer([EncodedEvent(ServerSentEvent(id: 101, data: "x"))])
        #expect(listener.isCutOff)
        guard case .end(.failure(.tooSlow)) = listener.next() else { return #expect(Bool(false), "the queue is kept") }
    }
}
