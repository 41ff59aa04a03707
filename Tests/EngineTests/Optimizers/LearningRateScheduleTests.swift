import TestSupport
import Testing

@testable import Engine

@Suite("Learning rates")
struct LearningRateScheduleTests {
    @Test("the rate rises over the warm-up and would be zero with the step after the last")
    func cosine() {
        let schedule = LearningRateSchedule(peak: 2, warmupSteps: 4, totalSteps: 12, annealing: .cosine)
        expectClose((0..<5).map(schedule.rate), [0.5, 1, 1.5, 2, 2], relative: 1e-6)
        expectClose([schedule.rate(at: 8)], [1], relative: 1e-6)
        expectClose([schedule.rate(at: 12)], [0], absolute: 1e-6)
        let constant = LearningRateSchedule(peak: 2, warmupSteps: 0, totalSteps: 12, annealing: .constant)
        #expect(constant.rate(at: 11) == 2)
    }

    @Test(
        "no step of a training stands still", arguments: LearningRateSchedule.Annealing.allCases, [0, 1, 2, 10])
    func everyStepMoves(annealing: LearningRateSchedule.Annealing, warmupSteps: Int) {
        for totalSteps in 1...12 {
            let schedule = LearningRateSchedule(
                peak: 1, warmupSteps: warmupSteps, totalSteps: totalSteps, annealing: annealing)
            let rates = (0..<totalSteps).map(schedule.rate)
            #expect(rates.allSatisfy { $0 > 0 && $0 <= 1 }, "\(warmupSteps) of \(totalSteps): \(rates)")
            if warmupSteps == 0 { #expect(rates[0] == 1) }
        }
    }
}
