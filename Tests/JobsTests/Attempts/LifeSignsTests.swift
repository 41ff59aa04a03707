import Platform
import Testing

@testable import Jobs

struct LifeSignsTests {
    /// Time that goes on by sleeping alone.
    private final class Time: Sendable {
        private let state = Mutex((now: Duration.zero, sleeps: 0))

        /// - Parameter wake: called after each time that somebody slept, with how often that was.
        func clock(wake: @escaping @Sendable (Int) async -> Void) -> MonotonicClock {
            MonotonicClock { [self] in
                state.withLock { $0.now }
            } sleep: { [self] duration in
                let sleeps = state.withLock { state in
                    state.now += duration
                    state.sleeps += 1
                    return state.sleeps
                }
                await wake(sleeps)
            }
        }

        var now: Duration { state.withLock { $0.now } }
    }

    /// When silence is found of a child that gives its only sign after so many times ten seconds.
    private func silence(signAfter count: Int, isExpected: Bool) async throws -> Duration {
        let time = Time()
        let signs = Mutex<LifeSigns?>(nil)
        let clock = time.clock { sleeps in
            if sleeps == count { await signs.withLock { $0 }?.hear {} }
        }
        let heard = LifeSigns(clock, isExpected: isExpected)
        signs.withLock { $0 = heard }
        try await heard.waitForSilence(of: .seconds(10))
        return time.now
    }

    @Test func silenceCountsFromTheBeginning() async throws {
        #expect(try await silence(signAfter: 100, isExpected: true) == .seconds(10))
    }

    @Test func aChildThatWaitsForAMachineIsNotSilent() async throws {
        #expect(try await silence(signAfter: 100, isExpected: false) == .seconds(1010))
    }
}
