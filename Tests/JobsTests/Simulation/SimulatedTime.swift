import Platform

/// Clocks that stand still until they are told to go on.
final class SimulatedTime: Sendable {
    private struct Timer {
        let due: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var wall: Int64 = 1_700_000_000_000
        var timers: [Int: Timer] = [:]
        var nextTimer = 0
        /// Timers of tasks that were cancelled before they had begun to wait.
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }

    var monotonic: MonotonicClock {
        MonotonicClock { [self] in
            now
        } sleep: { [self] in
            try await sleep(for: $0)
        }
    }

    var wall: WallClock { WallClock { [self] in state.withLock { $0.wall } } }

    /// Sets the clock of the machine.
    func jump(by milliseconds: Int64) {
        state.withLock { $0.wall += milliseconds }
    }

    /// Lets time pass up to the next timer.
    ///
    /// - Returns: whether there was one.
    func advance() -> Bool {
        let due: [Timer] = state.withLock { state in
            guard let next = state.timers.values.map(\.due).min() else { return [] }
            state.wall += max(.zero, next - state.now).milliseconds
            state.now = max(next, state.now)
            // In the order in which they began to wait.
            let ids = state.timers.filter { $0.value.due <= state.now }.keys.sorted()
            return ids.compactMap { state.timers.removeValue(forKey: $0) }
        }
        for timer in due { timer.continuation.resume() }
        return !due.isEmpty
    }

    private func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.nextTimer += 1
            return state.nextTimer
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard state.cancelled.remove(id) == nil else { return true }
                    state.timers[id] = Timer(due: state.now + duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let timer = state.withLock { state in
                let timer = state.timers.removeValue(forKey: id)
                if timer == nil { state.cancelled.insert(id) }
                return timer
            }
            timer?.continuation.resume(throwing: CancellationError())
        }
    }
}
