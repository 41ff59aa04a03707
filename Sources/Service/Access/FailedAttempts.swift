import Platform

/// Counts wrong keys by the address they come from, so that trying them out is slow.
final class FailedAttempts: Sendable {
    private struct Window {
        let start: Duration
        var count: Int
    }

    /// Wrong keys from one address within ``period`` that are looked at as such.
    static let limit = 10
    static let period: Duration = .seconds(60)

    private let capacity: Int
    private let windows = Mutex<[String: Window]>([:])

    /// - Parameter capacity: addresses that are counted at a time.
    init(capacity: Int = 4096) { self.capacity = capacity }

    /// Notes a wrong key.
    ///
    /// - Returns: seconds until the address may try another one; nil when it may at once. Where there are more addresses than
    ///   can be counted, those that are not are told to wait as well: whoever has a right key does not get here.
    func note(_ address: String, at now: Duration) -> Int? {
        windows.withLock { windows in
            if var window = windows[address], now < window.start + Self.period {
                guard window.count < Self.limit else { return Self.seconds(from: now, to: window.start + Self.period) }
                window.count += 1
                windows[address] = window
                return nil
            }
            if windows.count >= capacity { windows = windows.filter { now < $0.value.start + Self.period } }
            guard windows.count < capacity else { return Self.seconds(from: now, to: now + Self.period) }
            windows[address] = Window(start: now, count: 1)
            return nil
        }
    }

    private static func seconds(from now: Duration, to end: Duration) -> Int {
        max(1, Int(((end - now) / .seconds(1)).rounded(.up)))
    }
}
