import Foundation

/// The SOFT top-k operator: which of n scores stay when k of them are taken out, as a smooth function of the scores (Xie
/// et al., "Differentiable top-k with optimal transport", NeurIPS 2020; equations 6 to 9 of the MMER paper).
///
/// The scores s, each of mass 1/n, are transported to the anchors 0 and 1 at the cost c = (s − anchor)², divided by
/// `costScale`, with entropic regularisation. Anchor 0 takes the mass (n − k)/n. What stays of a score is m = n Γ₀, the
/// share of its mass that goes there: near 0 for the k largest scores; all m sum to n − k.
///
/// With two anchors the plan has one unknown, λ = log(v₀/v₁), the ratio of the scalings of its columns: m = σ(λ + x), where
/// x = (c₁ − c₀)/ε. It is solved for to the precision of the numbers.
package struct SoftTopK: Sendable {
    /// The weight of the entropy: the smaller, the closer m is to 0 and 1.
    package var epsilon: Double
    /// 0 solves for the plan; n > 0 makes at most n Sinkhorn iterations instead.
    package var iterations: Int
    /// Which scores are taken out.
    package var side: Side

    package enum Side: String, Sendable, Codable, CaseIterable {
        case largest
        case smallest
    }

    package init(epsilon: Double = 0.1, iterations: Int = 0, side: Side = .largest) {
        self.epsilon = epsilon
        self.iterations = iterations
        self.side = side
    }

    /// The greatest cost of any of the scores, by which those of a whole batch are divided; a constant in the gradient.
    package static func costScale(_ scores: UnsafeBufferPointer<Float>) -> Double {
        scores.reduce(0) { max($0, Double(max($1 * $1, (1 - $1) * (1 - $1)))) }
    }

    /// A transport plan, times n.
    package struct Plan: Sendable {
        /// n Γ₀, which sums to n − k when the plan is solved.
        package let staying: [Double]
        /// n Γ₁, which sums to k.
        package let leaving: [Double]
        let costScale: Double

        /// m = 1 − n Γ₁, which sums to n − k.
        package var kept: [Float] { leaving.map { Float(1 - $0) } }
    }

    /// The plan for k of the scores to leave; nil when k is 0 or n, and all stay.
    package func plan(_ scores: UnsafeBufferPointer<Float>, k: Int, costScale: Double) -> Plan? {
        guard k > 0, k < scores.count else { return nil }
        // x = ∓(2s − 1)/ε less a constant, so that it is 0 halfway between the scores that part. It is then accurate where
        // σ is not flat, however small ε.
        let ordered = scores.sorted()
        let lowest = side == .largest ? scores.count - k : k
        let threshold = (Double(ordered[lowest - 1]) + Double(ordered[lowest])) / 2
        let slope = slope(costScale)
        let x = scores.map { slope * (Double($0) - threshold) }
        guard iterations == 0 else { return iterated(x, k: k, start: slope * (0.5 - threshold), costScale: costScale) }
        let lambda = Self.solve(x.sorted(), k: k)
        return Plan(
            staying: x.map { exp(Self.logSigmoid(lambda + $0)) },
            leaving: x.map { exp(Self.logSigmoid(-lambda - $0)) },
            costScale: costScale
        )
    }

    /// dx/ds: c₀ − c₁ = s² − (s − 1)² = 2s − 1; to take out the smallest the anchors change places.
    private func slope(_ costScale: Double) -> Double { (side == .largest ? -2 : 2) / (costScale * epsilon) }

    /// λ with Σ σ(λ + x) = n − k, for x in ascending order.
    ///
    /// Of hard top-k, the k lowest leave: what of them stays must equal what leaves of the others. The difference between
    /// the logarithms of the two is accurate even where every σ is almost 0 or 1; it falls with λ at a slope of −2 to −1
    /// when 0 is a point between the two groups. So each value of it gives bounds for λ, which a step of Newton's method
    /// has to stay within.
    private static func solve(_ x: [Double], k: Int) -> Double {
        var lambda = 0.0
        var bounds = -Double.infinity...Double.infinity
        // Newton's method takes some five steps; halving the interval instead takes at most one for each bit.
        for _ in 0..<100 {
            var (stay, leave) = (LogSum(), LogSum())
            for x in x[..<k] { stay.add(logSigmoid(lambda + x), slope: sigmoid(-lambda - x)) }
            for x in x[k...] { leave.add(logSigmoid(-lambda - x), slope: -sigmoid(lambda + x)) }
            let difference = leave.value - stay.value
            // Scores that are not numbers have no solution.
            guard difference.isFinite, difference != 0 else { break }
            let (near, far) = (lambda + difference / 2, lambda + difference)
            let found = min(near, far)...max(near, far)
            guard found.overlaps(bounds) else { break }
            bounds = found.clamped(to: bounds)
            var next = lambda - difference / (leave.meanSlope - stay.meanSlope)
            if !bounds.contains(next) { next = (bounds.lowerBound + bounds.upperBound) / 2 }
            if next == lambda { break }
            lambda = next
        }
        return lambda
    }

    private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// log(1 / (1 + e^−x))
    static func logSigmoid(_ x: Double) -> Double { min(x, 0) - log1p(exp(-abs(x))) }

    /// The gradient of the scores, given that of what is kept.
    ///
    /// By implicit differentiation of Σ σ(λ + x) = n − k: with w = m (1 − m), dm = w (dx + dλ) and Σ w (dx + dλ) = 0.
    package func gradient(
        _ scores: UnsafeBufferPointer<Float>,
        _ plan: Plan,
        kept keptGradient: UnsafePointer<Float>
    ) -> [Float] {
        guard iterations == 0 else { return iteratedGradient(scores, plan, kept: keptGradient) }
        let weights = zip(plan.staying, plan.leaving).map { $0 * $1 }
        let total = weights.reduce(0, +)
        guard total > 0 else { return weights.map { _ in 0 } }
        let mean = weights.indices.reduce(0) { $0 + weights[$1] / total * Double(keptGradient[$1]) }
        let slope = slope(plan.costScale)
        return weights.enumerated().map { Float(slope * $1 * (Double(keptGradient[$0]) - mean)) }
    }
}

/// log Σ e^y of numbers y that come one by one, and its derivative.
struct LogSum {
    private var largest = -Double.infinity
    private var sum = 0.0
    private var slopes = 0.0

    /// - Parameter slope: the derivative of y.
    mutating func add(_ y: Double, slope: Double = 0) {
        if y > largest {
            let factor = exp(largest - y)
            (sum, slopes, largest) = (sum * factor, slopes * factor, y)
        }
        let share = exp(y - largest)
        sum += share
        slopes += share * slope
    }

    var value: Double { largest + log(sum) }

    /// The derivative of the value.
    var meanSlope: Double { slopes / sum }
}
