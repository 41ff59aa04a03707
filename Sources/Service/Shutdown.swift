import Foundation
import Platform

/// The time that a service which is to stop has left: for requests under way first, and then for workers.
final class Shutdown: Sendable {
    private struct State {
        var deadline: ContinuousClock.Instant?
        var sleepers: [UUID: AsyncStream<Void>.Continuation] = [:]
    }

    private let limit: Duration
    private let state = Mutex(State())

    init(limit: Duration) { self.limit = limit }

    /// What is kept for workers, however long requests take.
    var reserve: Duration { min(limit / 2, .seconds(2)) }

    func begin() {
        let sleepers = state.withLock { state in
            state.deadline = state.deadline ?? .now + limit
            return state.sleepers.values
        }
        for sleeper in sleepers { sleeper.finish() }
    }

    /// Returns after so long, or earlier: when the service is to stop, or the task is cancelled.
    func sleep(for duration: Duration) async {
        let (stream, sleeper) = AsyncStream<Void>.makeStream()
        let id = UUID()
        let hasBegun = state.withLock { state in
            state.sleepers[id] = sleeper
            return state.deadline != nil
        }
        let alarm = Task {
            try? await Task.sleep(for: hasBegun ? .zero : duration)
            sleeper.finish()
        }
        for await _ in stream {}
        alarm.cancel()
        _ = state.withLock { $0.sleepers.removeValue(forKey: id) }
    }

    /// How long workers have to end; before the end, all the time there is.
    var timeForWorkers: Duration {
        max(reserve, state.withLock { $0.deadline }.map { $0 - .now } ?? limit)
    }
}
