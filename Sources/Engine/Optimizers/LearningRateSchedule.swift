import Foundation

/// Linear warm-up followed by cosine annealing (Loshchilov & Hutter 2017), or a constant rate after the warm-up.
///
/// Annealing would reach zero in the step after the last, so that every step of a training changes the parameters.
package struct LearningRateSchedule: Sendable {
    package let peak: Float
    package let warmupSteps: Int
    package let totalSteps: Int
    package let annealing: Annealing

    package enum Annealing: String, Sendable, Codable, CaseIterable {
        case cosine
        case constant
    }

    package init(peak: Float, warmupSteps: Int, totalSteps: Int, annealing: Annealing) {
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.annealing = annealing
    }

    /// The rate of step `step`, counted from 0: above zero before `totalSteps` if the peak is.
    package func rate(at step: Int) -> Float {
        if step < warmupSteps { return peak * Float(step + 1) / Float(warmupSteps) }
        guard annealing == .cosine else { return peak }
        let progress = Double(step - warmupSteps) / Double(max(totalSteps - warmupSteps, 1))
        return peak * Float(0.5 * (1 + cos(.pi * min(progress, 1))))
    }
}
