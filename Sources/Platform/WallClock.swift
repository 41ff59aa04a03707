import Foundation

/// The time of day, as the store and the log write it down. Never used to decide how long something took.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Int64

    /// A clock that answers with what `now` returns: milliseconds since 1970-01-01T00:00:00Z.
    package init(now: @escaping @Sendable () -> Int64) {
        read = now
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    package func now() -> Int64 {
        read()
    }

    /// The clock of the machine.
    package static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
