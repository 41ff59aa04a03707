import Foundation

/// Binary cross-entropy on logits, averaged over all elements (equation 5 of the paper, L_r).
///
/// - Parameters:
///   - logits: z, [B, K]
///   - labels: y, B K values of 0 or 1
/// - Returns: −mean(y log σ(z) + (1 − y) log(1 − σ(z))) and its gradient (σ(z) − y) / (B K).
package func binaryCrossEntropy(logits: Tensor, labels: [Float]) -> (loss: Float, gradient: Tensor) {
    precondition(logits.count == labels.count, "\(labels.count) labels for logits \(logits.shape)")
    let gradient = Tensor(uninitialized: logits.shape)
    var sum = 0.0
    for (index, label) in labels.enumerated() {
        let z = logits.pointer[index]
        // log(1 + e^z) − y z, without overflow for large |z|.
        sum += Double(max(z, 0) - z * label + log1p(exp(-abs(z))))
        gradient.pointer[index] = (sigmoid(z) - label) / Float(labels.count)
    }
    return (Float(sum / Double(labels.count)), gradient)
}

/// 1 / (1 + e^−x).
package func sigmoid(_ x: Float) -> Float {
    x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}
