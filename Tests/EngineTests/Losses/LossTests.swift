import TestSupport
import Testing

@testable import Engine

/// The losses whose gradient is written out by hand, against differences and worked numbers.
@Suite("Losses")
struct LossTests {
    typealias Loss = (Tensor) -> (loss: Float, gradient: Tensor)

    /// Compares the gradient of each logit with central differences, within `tolerance` times the largest.
    private func checkGradient(_ logits: [Float], tolerance: Float = 2e-3, _ loss: Loss) {
        let shape = [logits.count / 3, 3]
        let gradient = loss(Tensor(logits, shape: shape)).gradient
        #expect(gradient.shape == shape)
        let differences = logits.indices.map { index -> Float in
            let moved = [-0x1p-6, 0x1p-6].map { step in
                var logits = logits
                logits[index] += Float(step)
                return loss(Tensor(logits, shape: shape)).loss
            }
            return (moved[1] - moved[0]) * 32
        }
        let largest = differences.map(abs).max() ?? 0
        #expect(largest > 0)
        expectClose(gradient.values, differences, absolute: tolerance * largest)
    }

    private static let asymmetricLabels: [Float] = [1, 0, 0, 0, 1, 1]

    @Test("asymmetric loss")
    func asymmetric() {
        // −(1 − p) log p for positives, −(1 − q)² log q with q = min(1 − p + 0.05, 1) for negatives: of σ(0.3), σ(−1.2),
        // a negative within the margin, σ(2), a positive below the floor, which counts −log 1e-5, and σ(3).
        let logits: [Float] = [0.3, -1.2, -4, 2, -20, 3]
        let (loss, gradient) = asymmetricLoss(logits: Tensor(logits, shape: [2, 3]), labels: Self.asymmetricLabels)
        let terms: [Float] = [0.2359100, 0.0065949, 0, 1.2262906, 11.5129254, 0.0023043]
        expectClose([loss], [terms.reduce(0, +) / 6 * 1000], relative: 1e-5)
        #expect(gradient.values[2] == 0)
    }

    @Test("gradient of the asymmetric loss")
    func asymmetricGradient() {
        checkGradient([0.3, -1.2, -4, 2, -1.5, 3]) { asymmetricLoss(logits: $0, labels: Self.asymmetricLabels) }
        // Below the floor the logarithm is constant and the focus is left: log(1e-5) p (1 − p) 1000/6 with p = σ(−13).
        let below = asymmetricLoss(
            logits: Tensor([-13, -4, -4, -4, 3, 3], shape: [2, 3]), labels: Self.asymmetricLabels)
        expectClose([below.gradient.values[0]], [-0.00433717], relative: 1e-4)
    }

    @Test("the losses of extreme logits are finite")
    func extremes() {
        let logits = Tensor([1000, -1000, 1000, -1000], shape: [2, 2])
        let asymmetric = asymmetricLoss(logits: logits, labels: [1, 0, 0, 1])
        #expect(asymmetric.loss.isFinite && asymmetric.gradient.values.allSatisfy { $0.isFinite })
        let target = Tensor([-1000, -1000, 1000, 1000], shape: [2, 2])
        for divergence in Divergence.allCases {
            let (loss, gradient) = divergence(target: target, logits: logits)
            #expect(loss.isFinite && loss > 0)
            #expect(gradient.values.allSatisfy { $0.isFinite })
        }
    }

    private static let target = Tensor([0.3, -1.2, 0, 2, -0.5, 1], shape: [2, 3])
    private static let logits: [Float] = [-0.4, -1, 0.5, 2, 1.5, -3]

    @Test("divergences")
    func divergences() {
        let logits = Tensor(Self.logits, shape: [2, 3])
        // p log(p/q) + (1 − p) log((1 − p)/(1 − q)) of each pair.
        let terms: [Float] = [0.0607698, 0.0036842, 0.0309298, 0, 0.4722550, 1.6595600]
        expectClose(
            [Divergence.bernoulli(target: Self.target, logits: logits).loss], [terms.reduce(0, +) / 6], relative: 1e-5)
        // Σ a log(a/b) of each row, a and b the softmax of the probabilities.
        expectClose(
            [Divergence.softmax(target: Self.target, logits: logits).loss], [(0.00829938 + 0.09271695) / 6],
            relative: 1e-5)
    }

    @Test("gradients of divergences", arguments: Divergence.allCases)
    func divergenceGradients(divergence: Divergence) {
        checkGradient(Self.logits) { divergence(target: Self.target, logits: $0) }
    }

    @Test("nothing diverges from itself", arguments: Divergence.allCases)
    func itself(divergence: Divergence) {
        let (loss, gradient) = divergence(target: Self.target, logits: Self.target)
        #expect(loss == 0)
        #expect(gradient.values.allSatisfy { $0 == 0 })
    }

    @Test("probabilities are kept 1e-7 away from 0 and 1")
    func clamped() {
        // Of 1 and of σ(0) from a half and from 1: log 2 less next to nothing, and (log(1/2) − log(1e-7)) / 2 − (log 2) / 2.
        let target = Tensor([40, 0], shape: [1, 2])
        let (loss, gradient) = Divergence.bernoulli(target: target, logits: Tensor([0, 40], shape: [1, 2]))
        expectClose([loss], [(0.6931455 + 7.3659007) / 2], relative: 1e-5)
        expectClose(gradient.values, [-0.25, 0], absolute: 1e-6)
    }
}
