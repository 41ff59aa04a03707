import Platform

/// Asks for the end of one attempt, once, with the first reason given.
final class StopSignal: Sendable {
    enum Reason: Sendable {
        /// The job was cancelled.
        case cancelled
        /// The job was set aside.
        case paused
        /// The pool stops.
        case shutdown
        /// The attempt has been given up elsewhere.
        case fenced
        /// What it says cannot be written down.
        case unrecordable
        /// The child has given no sign of life for too long.
        case stalled
        /// The job has used up its time.
        case timeLimit
    }

    private struct State {
        var first: Reason?
        var isShutdown = false
    }

    private let state = Mutex(State())
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream<Void>.makeStream()
    }

    var reason: Reason? {
        state.withLock { $0.first }
    }

    /// Whether the pool stops, whatever was the first reason.
    var isShutdown: Bool { state.withLock { $0.isShutdown } }

    func stop(_ reason: Reason) {
        state.withLock { state in
            state.first = state.first ?? reason
            if reason == .shutdown { state.isShutdown = true }
        }
        continuation.finish()
    }

    /// Returns when ``stop(_:)`` has been called, or the task is cancelled. For one caller.
    func wait() async {
        for await _ in stream {}
    }
}
