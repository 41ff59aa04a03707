/// Time that goes on evenly whatever is done to the clock of the machine: by which is decided how long something took, and
/// when something is due.
package struct MonotonicClock: Sendable {
    private let read: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - now: time since some beginning.
    ///   - sleep: returns after so long, or throws when the task is cancelled before.
    package init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        read = now
        wait = sleep
    }

    package func now() -> Duration { read() }

    /// Returns after `duration`; throws when the task is cancelled before.
    package func sleep(for duration: Duration) async throws { try await wait(duration) }

    /// The clock of the machine, which stands still while the machine is suspended, as does what is measured by it.
    package static let system = MonotonicClock {
        origin.duration(to: .now)
    } sleep: {
        try await Task.sleep(for: $0, clock: .suspending)
    }

    private static let origin = SuspendingClock.now
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
