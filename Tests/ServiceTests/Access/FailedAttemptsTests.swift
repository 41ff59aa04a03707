import Testing

@testable import Service

struct FailedAttemptsTests {
    @Test func tenAMinuteAreLookedAt() {
        let attempts = FailedAttempts()
        for second in 0..<10 { #expect(attempts.note("192.0.2.1", at: .seconds(second)) == nil) }
        #expect(attempts.note("192.0.2.1", at: .seconds(10)) == 50)
        #expect(attempts.note("192.0.2.1", at: .milliseconds(59_900)) == 1)
        #expect(attempts.note("192.0.2.2", at: .seconds(10)) == nil)
        #expect(attempts.note("192.0.2.1", at: .seconds(60)) == nil)
    }

    @Test func asManyAddressesAreCountedAsThereIsRoomFor() {
        let attempts = FailedAttempts(capacity: 2)
        #expect(attempts.note("a", at: .zero) == nil && attempts.note("b", at: .seconds(30)) == nil)
        #expect(attempts.note("c", at: .seconds(31)) == 60)
        #expect(attempts.note("b", at: .seconds(31)) == nil)
        // The first is forgotten by then.
        #expect(attempts.note("c", at: .seconds(60)) == nil)
        #expect(attempts.note("a", at: .seconds(61)) == 60)
    }
}
