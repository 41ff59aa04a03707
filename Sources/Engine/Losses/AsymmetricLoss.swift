import Foundation

/// The asymmetric loss (Ridnik et al. 2021, equations 3 to 7) with the constants of the authors' script: γ⁺ 1, γ⁻ 2, a
/// margin of 0.05 and probabilities of at least 1e-5; the mean over all elements times 1000.
///
/// - Parameters:
///   - logits: z, [B, K]
///   - labels: y, B K values of 0 or 1
/// - Returns: the loss and its gradient for z.
package func asymmetricLoss(logits: Tensor, labels: [Float]) -> (loss: Float, gradient: Tensor) {
    precondition(logits.count == labels.count, "\(labels.count) labels for logits \(logits.shape)")
    let (margin, floor) = (0.05, 1e-5)
    let weight = 1000 / Double(labels.count)
    let gradient = Tensor(uninitialized: logits.shape)
    var sum = 0.0
    for (index, label) in labels.enumerated() {
        let p = 1 / (1 + exp(-Double(logits.pointer[index])))
        let isPositive = label > 0.5
        // q is the probability of what is true, shifted by the margin for negatives; dq its derivative for p.
        let shifted = 1 - p + margin
        let (q, dq) = isPositive ? (p, 1.0) : (min(shifted, 1), shifted < 1 ? -1.0 : 0)
        let power = isPositive ? 1.0 : 2.0
        let logarithm = log(max(q, floor))
        let focus = pow(1 - q, power)
        sum -= focus * logarithm
        let slope = power * pow(1 - q, power - 1) * logarithm - (q > floor ? focus / q : 0)
        gradient.pointer[index] = Float(weight * slope * dq * p * (1 - p))
    }
    return (Float(weight * sum), gradient)
}
