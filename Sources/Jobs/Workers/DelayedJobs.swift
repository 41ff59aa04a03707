import Platform

/// The jobs that wait a while before they run again, because what interrupted them may still be so. Measured by a clock that
/// nobody sets; a server that starts anew has forgotten them.
final class DelayedJobs: Sendable {
    private let until = Mutex<[String: ContinuousClock.Instant]>([:])

    func delay(_ job: String, by delay: Duration) {
        until.withLock { $0[job] = .now + delay }
    }

    /// The jobs that still have to wait.
    var waiting: [String] {
        until.withLock { until in
            let now = ContinuousClock.now
            until = until.filter { $0.value > now }
            return Array(until.keys)
        }
    }
}
