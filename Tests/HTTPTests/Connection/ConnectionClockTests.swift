import Testing

@testable import HTTP

@Suite struct ConnectionClockTests {
    private static let second: UInt64 = 1_000_000_000

    private func clock(rate: Int) -> ConnectionClock {
        var configuration = ServerConfiguration()
        configuration.bodyTimeout = .seconds(30)
        configuration.bodyRate = rate
        return ConnectionClock(configuration, now: 0)
    }

    /// When a body is too late of which so many bytes have come after so many seconds.
    private func deadline(rate: Int, bytes: Int, after seconds: UInt64) -> UInt64 {
        var clock = clock(rate: rate)
        clock.update(.body, isDraining: false, now: 0)
        clock.received(bytes)
        clock.update(.body, isDraining: false, now: seconds * Self.second)
        return clock.deadline / Self.second
    }

    @Test func aBodyHasTheTimeOfAPieceAndWhatItHasEarned() {
        #expect(deadline(rate: 1024, bytes: 0, after: 10) == 30)
        #expect(deadline(rate: 1024, bytes: 5 * 1024, after: 10) == 35)
        // Not more than until the next piece is due.
        #expect(deadline(rate: 1024, bytes: 1 << 20, after: 10) == 40)
    }

    @Test func hugeBodiesAtTheLeastRateAreNoTrap() {
        #expect(deadline(rate: 1, bytes: 1 << 40, after: 10) == 40)
    }

    @Test func theHandlerMayTakeAsLongAsItWants() {
        var clock = clock(rate: 1024)
        clock.update(.nothing, isDraining: false, now: 0)
        #expect(clock.deadline == .max)
    }
}
