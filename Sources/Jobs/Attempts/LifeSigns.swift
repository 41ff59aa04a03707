import Platform

/// When a child has last given a sign of life.
final class LifeSigns: Sendable {
    private struct State {
        var last: Duration
        /// While what it said is being written down, it may have to wait to say more.
        var isHeardOut = true
    }

    private let clock: MonotonicClock
    private let state: Mutex<State>

    init(_ clock: MonotonicClock) {
        self.clock = clock
        state = Mutex(State(last: clock.now()))
    }

    /// Takes what the child has said.
    func hear(_ body: () async -> Void) async {
        state.withLock { $0.isHeardOut = false }
        await body()
        state.withLock { $0 = State(last: clock.now()) }
    }

    /// Returns when there has been none for so long; throws when the task is cancelled.
    func waitForSilence(of limit: Duration) async throws {
        var silence = Duration.zero
        while silence < limit {
            try await clock.sleep(for: limit - silence)
            silence = state.withLock { $0.isHeardOut ? clock.now() - $0.last : .zero }
        }
    }
}
