import Synchronization

/// How long a model takes for a unit, by what it took lately.
final class ModelPace: Sendable {
    /// In picoseconds; 0 until something was computed.
    private let perUnit = Atomic(0)

    /// - Precondition: there were units.
    func count(units: Int, in time: Duration) {
        let new = Int(time / .nanoseconds(1) * 1000) / units
        let old = perUnit.load(ordering: .relaxed)
        // Small batches take longer per unit than those of a busy engine, which are what is to be foretold.
        perUnit.store(old == 0 ? new : old + (new - old) / 8, ordering: .relaxed)
    }

    func time(forUnits units: Int) -> Duration {
        .nanoseconds(Double(perUnit.load(ordering: .relaxed)) / 1000 * Double(units))
    }
}
