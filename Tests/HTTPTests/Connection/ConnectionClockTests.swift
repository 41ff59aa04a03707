import Testing

@testable import HTTP

@Suite struct ConnectionClockTests {
    private static let second: UInt64 = 1_000_000_000

    private func clock(rate: Int = 1024) -> ConnectionClock {
        var configuration = ServerConfiguration()
        configuration.bodyTimeout = .seconds(30)
        configuration.bodyRate = rate
        configuration.writeTimeout = .seconds(30)
        configuration.writeRate = rate
        configuration.handshakeTimeout = .seconds(10)
        configuration.lingerTimeout = .seconds(5)
        return ConnectionClock(configuration, now: 0)
    }

    /// When a body or an answer is too late of which so many bytes have come or gone after so many seconds.
    private func deadline(_ wait: ConnectionClock.Wait, rate: Int, bytes: Int, after seconds: UInt64) -> UInt64 {
        var clock = clock(rate: rate)
        clock.update(wait, isDraining: false, now: 0)
        if wait == .body { clock.received(bytes) } else { clock.sent(bytes) }
        clock.update(wait, isDraining: false, now: seconds * Self.second)
        return clock.deadline / Self.second
    }

    @Test(arguments: [ConnectionClock.Wait.body, .write])
    func bodiesAndAnswersHaveTheTimeOfAPieceAndWhatTheyHaveEarned(_ wait: ConnectionClock.Wait) {
        #expect(deadline(wait, rate: 1024, bytes: 0, after: 10) == 30)
        #expect(deadline(wait, rate: 1024, bytes: 5 * 1024, after: 10) == 35)
        // Not more than until the next piece is due.
        #expect(deadline(wait, rate: 1024, bytes: 1 << 20, after: 10) == 40)
        #expect(deadline(wait, rate: 0, bytes: 1, after: 10) == 40)
    }

    @Test(arguments: [ConnectionClock.Wait.body, .write])
    func hugeOnesAtTheLeastRateAreNoTrap(_ wait: ConnectionClock.Wait) {
        #expect(deadline(wait, rate: 1, bytes: 1 << 40, after: 10) == 40)
    }

    /// Or a client that takes a little whenever it is waited for would stay for ever.
    @Test(arguments: [ConnectionClock.Wait.body, .write])
    func allTheTimeOfAnExchangeCounts(_ wait: ConnectionClock.Wait) {
        var clock = clock()
        for start in stride(from: UInt64(0), to: 100, by: 25) {
            clock.update(wait, isDraining: false, now: start * Self.second)
            if wait == .body { clock.received(1024) } else { clock.sent(1024) }
            clock.update(.nothing, isDraining: false, now: (start + 5) * Self.second)
        }
        // It has been waited for 20 seconds, and has earned 4.
        clock.update(wait, isDraining: false, now: 100 * Self.second)
        #expect(clock.deadline == (100 + 30 + 4 - 20) * Self.second)
        // The next exchange begins anew.
        clock.restart()
        clock.update(wait, isDraining: false, now: 110 * Self.second)
        #expect(clock.deadline == (110 + 30) * Self.second)
    }

    @Test func aHandshakeHasItsTimeAndNoMore() {
        var clock = clock()
        for second in [UInt64(0), 9] {
            clock.update(.handshake, isDraining: false, now: second * Self.second)
            clock.received(1)
            #expect(clock.deadline == 10 * Self.second)
        }
    }

    @Test func whoHasItsAnswerHasLessTimeWhenTheServerStops() {
        var clock = clock()
        clock.update(.linger, isDraining: false, now: 0)
        #expect(clock.deadline == 5 * Self.second)
        clock.update(.linger, isDraining: false, now: 4 * Self.second)
        #expect(clock.deadline == 5 * Self.second)
        clock.update(.linger, isDraining: true, now: 4 * Self.second)
        #expect(clock.deadline <= Self.second)
    }

    @Test func theHandlerMayTakeAsLongAsItWants() {
        var clock = clock(rate: 1024)
        clock.update(.nothing, isDraining: false, now: 0)
        #expect(clock.deadline == .max)
    }
}
