import Platform

/// The time that a service which is to stop has left: for requests under way first, and then for workers.
final class Shutdown: Sendable {
    private let limit: Duration
    private let deadline = Mutex<ContinuousClock.Instant?>(nil)

    init(limit: Duration) { self.limit = limit }

    /// What is kept for workers, however long requests take.
    var reserve: Duration { min(limit / 2, .seconds(2)) }

    func begin() {
        deadline.withLock { if $0 == nil { $0 = .now + limit } }
    }

    /// How long workers have to end; before the end, all the time there is.
    var timeForWorkers: Duration {
        max(reserve, deadline.withLock { $0 }.map { $0 - .now } ?? limit)
    }
}
