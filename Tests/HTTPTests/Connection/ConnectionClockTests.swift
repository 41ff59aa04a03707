import Testing

@testable import HTTP

@Suite struct ConnectionClockTests {
    private static let second: UInt64 = 1_000_000_000

    private func clock(rate: Int) -> ConnectionClock {
        var configuration = ServerConfiguration()
        configuration.bodyTimeout = .seconds(30)
        configuration.bodyRate = rate
        return ConnectionClock(configuration)
    }

    /// How long a body may still be waited for after so many bytes.
    private func patience(rate: Int, bytes: Int) -> UInt64 {
        var clock = clock(rate: rate)
        clock.update(.body, isDraining: false)
        clock.received(bytes)
        clock.update(.body, isDraining: false)
        return clock.deadline - EventQueue.now()
    }

    @Test func aBodyHasTheTimeOfAPieceAndWhatItHasEarned() {
        // Nothing earned, something, and more than until the next piece is due.
        for (bytes, seconds) in [(0, 30), (1 << 20, 30)] {
            let left = patience(rate: 1024, bytes: bytes)
            #expect(left <= UInt64(seconds) * Self.second && left > UInt64(seconds - 10) * Self.second)
        }
    }

    @Test func hugeBodiesAtTheLeastRateAreNoTrap() {
        #expect(patience(rate: 1, bytes: 1 << 40) <= 30 * Self.second)
    }

    @Test func theHandlerMayTakeAsLongAsItWants() {
        var clock = clock(rate: 1024)
        clock.update(.nothing, isDraining: false)
        #expect(clock.deadline == .max)
    }
}
