import Testing

@testable import Service

struct ModelPaceTests {
    @Test func foretellsByWhatWasTakenLately() {
        let pace = ModelPace()
        #expect(pace.time(forUnits: 1000) == .zero)
        pace.count(units: 100, in: .milliseconds(10))
        #expect(pace.time(forUnits: 1000) == .milliseconds(100))
        // One that took long does not change all.
        pace.count(units: 1, in: .milliseconds(1))
        let changed = pace.time(forUnits: 1000)
        #expect(changed > .milliseconds(100) && changed < .milliseconds(300))
        for _ in 0..<100 { pace.count(units: 1000, in: .milliseconds(10)) }
        #expect(abs(pace.time(forUnits: 1000) / .milliseconds(10) - 1) < 0.01)
    }
}
