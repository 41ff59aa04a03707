import Platform

/// How long a job waits before it runs again: twice as long each time, and at random within that, so that many that failed
/// together do not come back together.
struct Backoff {
    /// Before the first time.
    let base: Duration
    let limit: Duration

    init(base: Duration, limit: Duration = .seconds(300)) {
        self.base = base
        self.limit = limit
    }

    /// In milliseconds; from half to all of what the round allows.
    ///
    /// - Parameters:
    ///   - round: 0 for the first time.
    ///   - random: from 0 to 1.
    func delay(round: Int, random: Double) -> Int64 {
        let longest = min(base * (1 << min(max(round, 0), 20)), limit)
        return Int64(Double(longest.milliseconds) * (0.5 + random / 2))
    }
}
