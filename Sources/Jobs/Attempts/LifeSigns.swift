import Platform

/// When a child has last given a sign of life.
final class LifeSigns: Sendable {
    private struct State {
        var last: Duration
        /// Whether it is to be heard of by now.
        var isExpected: Bool
        /// While what it said is being written down, it may have to wait to say more.
        var isHeardOut = true
        /// The child has ended, and will give none.
        var isOver = false
    }

    private let clock: MonotonicClock
    private let state: Mutex<State>

    /// - Parameter isExpected: false for a child that may have to wait, for however long, before it is started.
    init(_ clock: MonotonicClock, isExpected: Bool = true) {
        self.clock = clock
        state = Mutex(State(last: clock.now(), isExpected: isExpected))
    }

    /// Takes what the child has said.
    func hear(_ body: () async -> Void) async {
        state.withLock { $0.isHeardOut = false }
        await body()
        state.withLock { $0 = State(last: clock.now(), isExpected: true) }
    }

    /// Returns when there has been none for so long; throws when the task is cancelled.
    func waitForSilence(of limit: Duration) async throws {
        var silence = Duration.zero
        while silence < limit {
            try await clock.sleep(for: limit - silence)
            silence = state.withLock {
                $0.isHeardOut && $0.isExpected && !$0.isOver ? clock.now() - $0.last : .zero
            }
        }
    }

    /// The child has ended.
    func end() { state.withLock { $0.isOver = true } }
}
