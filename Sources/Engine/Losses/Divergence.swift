import Foundation

/// How far predictions are from those they should equal: KL(p ‖ q), of which p is a constant (equation 13 of the MMER
/// paper).
package enum Divergence: String, Sendable, Codable, CaseIterable {
    /// The mean over B K of the divergence between two-outcome distributions, with probabilities in [1e-7, 1 − 1e-7].
    case bernoulli
    /// Between softmax distributions over the K probabilities of a clip, divided by B K.
    case softmax

    /// - Parameters:
    ///   - target: the logits behind p, [B, K]
    ///   - logits: those behind q, [B, K]
    /// - Returns: the divergence and its gradient for `logits`.
    package func callAsFunction(target: Tensor, logits: Tensor) -> (loss: Float, gradient: Tensor) {
        precondition(target.shape == logits.shape, "\(target.shape) and \(logits.shape)")
        let gradient = Tensor(uninitialized: logits.shape)
        var sum = 0.0
        for row in 0..<logits.rows {
            let range = row * logits.columns..<(row + 1) * logits.columns
            let p = range.map { Self.probability(target.pointer[$0]) }
            let q = range.map { Self.probability(logits.pointer[$0]) }
            let slopes: [Double]
            switch self {
            case .bernoulli: slopes = Self.bernoulli(p, q, &sum)
            case .softmax: slopes = Self.softmax(p, q, &sum)
            }
            for (offset, slope) in slopes.enumerated() {
                gradient.pointer[range.lowerBound + offset] = Float(slope / Double(logits.count))
            }
        }
        return (Float(sum / Double(logits.count)), gradient)
    }

    private static func probability(_ logit: Float) -> Double { 1 / (1 + exp(-Double(logit))) }

    /// Adds the divergences to `sum` and returns their derivatives for the logits of q.
    private static func bernoulli(_ p: [Double], _ q: [Double], _ sum: inout Double) -> [Double] {
        let bounds = 1e-7...(1 - 1e-7)
        return zip(p, q).map { p, q in
            let (a, b) = (p.clamped(to: bounds), q.clamped(to: bounds))
            sum += a * log(a / b) + (1 - a) * log((1 - a) / (1 - b))
            return bounds.contains(q) ? b - a : 0
        }
    }

    private static func softmax(_ p: [Double], _ q: [Double], _ sum: inout Double) -> [Double] {
        let (a, b) = (softmax(p), softmax(q))
        sum += zip(a, b).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
        return zip(zip(a, b), q).map { ($0.1 - $0.0) * $1 * (1 - $1) }
    }

    private static func softmax(_ x: [Double]) -> [Double] {
        let powers = x.map { exp($0) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
