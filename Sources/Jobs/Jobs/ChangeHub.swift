import Platform

/// Tells listeners that something changed; what it is now, they read from the store.
final class ChangeHub: Sendable {
    enum Topic: Hashable, Sendable {
        /// A job may be waiting for a slot.
        case queue
        /// A job's row, events or metrics changed.
        case job(String)
        /// A job's running attempt shall end.
        case stop(String)
        /// An evaluation may be waiting.
        case evaluations
        /// An evaluation is over.
        case evaluation(String)
    }

    private struct State {
        var listeners: [Topic: [Int: AsyncStream<Void>.Continuation]] = [:]
        var nextListener = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A stream that yields at once, and again after each change; changes that come while the listener is busy are
    /// folded into one. Listening begins with this call, so what is read on an element is never out of date for long.
    func listen(to topic: Topic) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        let listener: Int? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.nextListener += 1
            state.listeners[topic, default: [:]][state.nextListener] = continuation
            return state.nextListener
        }
        guard let listener else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.listeners[topic]?[listener] = nil
                if state.listeners[topic]?.isEmpty == true {
                    state.listeners[topic] = nil
                }
            }
        }
        return stream
    }

    func publish(_ topic: Topic) {
        // In the order in which they came: a simulation relies on it.
        let listeners = state.withLock { $0.listeners[topic] ?? [:] }.sorted { $0.key < $1.key }
        for (_, listener) in listeners { listener.yield() }
    }

    /// Ends all streams, now and those asked for later.
    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            return state.listeners.values.flatMap { $0 }.sorted { $0.key < $1.key }
        }
        for (_, listener) in listeners { listener.finish() }
    }

    /// How many streams are being listened to.
    var listenerCount: Int {
        state.withLock { state in state.listeners.values.reduce(0) { $0 + $1.count } }
    }
}
