import Platform

/// One client that listens to an ``EventFeed``: what it is still to be sent. The feed puts events in and never waits; the
/// connection takes them out as the client takes them.
final class EventListener: Sendable {
    enum Next {
        case event(EncodedEvent)
        /// Not now: whoever follows is told when there is more.
        case nothing
        case end(Result<Void, ConnectionError>)
    }

    private struct State {
        var events: [EncodedEvent] = []
        /// How many of `events` have been taken.
        var taken = 0
        /// Of those that have not.
        var bytes = 0
        /// The last event that is there or was, or that the client had before.
        var position = Int.min
        var end: Result<Void, ConnectionError>?
        var onNews: (@Sendable () -> Void)?
        /// Whether the follower has been told and has not looked since.
        var isTold = false
    }

    /// Bytes that may wait; who has so many waiting when more come is cut off.
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Whether the client has been given up, whatever there is still to be sent.
    var isCutOff: Bool {
        state.withLock { state in
            guard case .failure = state.end else { return false }
            return true
        }
    }

    /// Has `onNews` called, on any thread, when there is something to take and the follower has not been told yet, and when
    /// the end is decided.
    func follow(_ onNews: @escaping @Sendable () -> Void) {
        state.withLock { $0.onNews = onNews }
    }

    /// The next event. To be called by the follower until there is nothing.
    func next() -> Next {
        state.withLock { state in
            guard state.taken < state.events.count else {
                if let end = state.end { return .end(end) }
                state.isTold = false
                return .nothing
            }
            let event = state.events[state.taken]
            state.taken += 1
            state.bytes -= event.chunk.count
            if state.taken == state.events.count || state.taken >= 64 {
                state.events.removeFirst(state.taken)
                state.taken = 0
            }
            return .event(event)
        }
    }

    /// The client has all events up to `position`, and gets those that come behind it.
    func begin(after position: Int) {
        state.withLock { $0.position = position }
    }

    /// Takes those of the events that the client has not had.
    func offer(_ events: some Collection<EncodedEvent>) {
        tell { state in
            let news = events.filter { $0.id > state.position }
            guard let last = news.last, state.end == nil else { return false }
            if state.bytes >= limit {
                (state.events, state.taken, state.bytes) = ([], 0, 0)
                state.end = .failure(.tooSlow)
            } else {
                state.events += news
                state.bytes += news.reduce(0) { $0 + $1.chunk.count }
                state.position = last.id
            }
            return true
        }
    }

    /// There will be no more; what is there is still sent.
    func finish() {
        tell { state in
            guard state.end == nil else { return false }
            state.end = .success(())
            return true
        }
    }

    /// - Parameter change: returns whether there is news.
    private func tell(_ change: (inout State) -> Bool) {
        let onNews = state.withLock { state -> (@Sendable () -> Void)? in
            guard change(&state), !state.isTold || state.end != nil, let onNews = state.onNews else { return nil }
            state.isTold = true
            return onNews
        }
        onNews?()
    }
}
