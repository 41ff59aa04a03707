package import HTTPTypes
import Platform

/// Events from one source for any number of clients that listen.
///
/// ```swift
/// let feed = EventFeed()
/// router.on(.get, "/events", handler: { request in
///     .events { try await feed.send(to: $0, after: request.lastEventID ?? 0, read: store.events(after:)) }
/// })
/// feed.publish(try await store.events(after: feed.position))
/// ```
///
/// What is published is encoded once, and no listener is waited for: one that is too far behind is cut off, comes again and
/// goes on behind the last event it got.
package final class EventFeed: Sendable {
    private struct State {
        /// The last event published.
        var position: Int
        /// The last events published: all behind `historyStart`.
        var history: [EncodedEvent] = []
        var historyStart: Int
        var historyBytes = 0
        var listeners: [ObjectIdentifier: EventListener] = [:]
        var isFinished = false
    }

    private let state: Mutex<State>
    private let queueLimit: Int
    private let historyLimit: Int

    /// - Parameters:
    ///   - position: the last event before those that will be published.
    ///   - queueLimit: bytes that may wait for a listener, besides those of the last call of ``publish(_:)``.
    ///   - historyLimit: bytes of the last events that are kept for those who come again.
    package init(after position: Int = 0, queueLimit: Int = 256 << 10, historyLimit: Int = 256 << 10) {
        state = Mutex(State(position: position, historyStart: position))
        self.queueLimit = queueLimit
        self.historyLimit = historyLimit
    }

    /// The last event published.
    package var position: Int { state.withLock { $0.position } }

    package var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Sends events to all who listen. Those not behind ``position`` have been published already and are left out, so a
    /// source may be read twice.
    ///
    /// - Precondition: the events are in the order of their ids.
    package func publish(_ events: [ServerSentEvent]) {
        let encoded = events.map { EncodedEvent($0) }
        // Under the lock, for all listeners get all events in one order.
        state.withLock { state in
            let news = encoded.drop { $0.id <= state.position }
            guard let last = news.last, !state.isFinished else { return }
            precondition(zip(news, news.dropFirst()).allSatisfy { $0.id < $1.id }, "events are published in order")
            state.position = last.id
            state.history += news
            state.historyBytes += news.reduce(0) { $0 + $1.chunk.count }
            Self.trim(&state, to: historyLimit)
            for listener in state.listeners.values { listener.offer(news) }
        }
    }

    /// Ends all streams, now and later, once they have all that was published.
    package func finish() {
        state.withLock { state in
            state.isFinished = true
            for listener in state.listeners.values { listener.finish() }
        }
    }

    /// Sends the events behind `position` and then those to come, without gap or repetition, until the feed is finished or
    /// the server stops. Throws ``ConnectionError`` and what `read` throws.
    ///
    /// - Parameter read: the next events behind a position, from where all of them are kept; none where there are no more.
    ///   Asked only for what is too old for the history, and must not know less than what has been published.
    package func send(
        to writer: ResponseWriter,
        after position: Int,
        read: @Sendable (Int) async throws -> [ServerSentEvent] = { _ in [] }
    ) async throws {
        let listener = EventListener(limit: queueLimit)
        defer { leave(listener) }
        var position = position
        while !join(listener, after: position) {
            let oldest = state.withLock { $0.historyStart }
            let page = try await read(position)
            // What was published and is not there any more will not come back.
            position = max(page.last?.id ?? oldest, position)
            var bytes: [UInt8] = []
            for event in page { event.encode(into: &bytes) }
            try await writer.write(bytes)
        }
        try await writer.follow(listener)
    }

    /// Lets a listener in if the history holds all that it has not got.
    private func join(_ listener: EventListener, after position: Int) -> Bool {
        state.withLock { state in
            guard position >= state.historyStart else { return false }
            listener.begin(after: position)
            listener.offer(state.history)
            if state.isFinished { listener.finish() } else { state.listeners[ObjectIdentifier(listener)] = listener }
            return true
        }
    }

    private func leave(_ listener: EventListener) {
        state.withLock { $0.listeners[ObjectIdentifier(listener)] = nil }
    }

    private static func trim(_ state: inout State, to limit: Int) {
        var count = 0
        while state.historyBytes > limit {
            state.historyBytes -= state.history[count].chunk.count
            state.historyStart = state.history[count].id
            count += 1
        }
        state.history.removeFirst(count)
    }
}

extension Response {
    /// A stream of events, which no one on the way may keep or hold back; `produce` is most often ``EventFeed/send(to:after:read:)``.
    package static func events(_ produce: @escaping @Sendable (ResponseWriter) async throws -> Void) -> Response {
        Response(
            fields: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: .stream(produce))
    }
}

extension Request {
    /// The last event that the client has got of a stream, if it says so in a way we do.
    package var lastEventID: Int? { fields[.lastEventID].flatMap { Int($0) } }
}

extension HTTPField.Name {
    package static let lastEventID = HTTPField.Name("Last-Event-ID")!
    /// Understood by nginx and those that do as it does.
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
