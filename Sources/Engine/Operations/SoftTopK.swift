import Foundation

/// The SOFT top-k operator: which of n scores stay when k of them are taken out, as a smooth function of the scores (Xie
/// et al., "Differentiable top-k with optimal transport", NeurIPS 2020; equations 6 to 9 of the MMER paper).
///
/// The scores s, each of mass 1/n, are transported to the anchors 0 and 1 at the cost c = (s − anchor)², divided by
/// `costScale`, with entropic regularisation. Anchor 0 takes the mass (n − k)/n. What stays of a score is m = n Γ₀ =
/// 1 − n Γ₁, the share of its mass that goes there: near 0 for the k largest scores; all m sum to n − k.
package struct SoftTopK: Sendable {
    /// The weight of the entropy: the smaller, the closer m is to 0 and 1.
    package var epsilon: Double
    /// Sinkhorn iterations; they end early when nothing changes any more.
    package var iterations: Int
    /// Which scores are taken out.
    package var side: Side

    package enum Side: String, Sendable, Codable, CaseIterable {
        case largest
        case smallest
    }

    package init(epsilon: Double = 0.1, iterations: Int = 100, side: Side = .largest) {
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
        /// n Γ₀
        fileprivate let staying: [Double]
        /// n Γ₁, which sums to k.
        fileprivate let leaving: [Double]
        fileprivate let costScale: Double

        /// m = 1 − n Γ₁, which sums to n − k.
        package var kept: [Float] { leaving.map { Float(1 - $0) } }
    }

    /// The plan for k of the scores to leave; nil when k is 0 or n, and all stay.
    ///
    /// Sinkhorn's scalings of the two columns come down to their ratio, λ = log(v₀/v₁). Given λ, scaling the rows gives
    /// σ(λ − (c₀ − c₁)/ε) for what stays; scaling the columns then makes what leaves sum to k and moves λ. The last thing
    /// done is a scaling of columns, so that the sums are right even if the iterations were too few. All sums are of
    /// logarithms, so that no epsilon is too small. An iteration moves λ by about 1 and the way from 0 is of the order of
    /// 1/ε, so that λ begins within 10 of where hard top-k parts the scores: the whole way for an epsilon of 0.1 or more.
    package func plan(_ scores: UnsafeBufferPointer<Float>, k: Int, costScale: Double) -> Plan? {
        let n = scores.count
        guard k > 0, k < n, costScale > 0 else { return nil }
        // c₀ − c₁ = s² − (s − 1)² = 2s − 1; to take out the smallest the anchors change places.
        let slope = (side == .largest ? -2 : 2) / (costScale * epsilon)
        let preferences = scores.map { slope * (Double($0) - 0.5) }
        let target = log(Double(n - k)) - log(Double(k))
        let ordered = preferences.sorted()
        let threshold = -(ordered[k - 1] + ordered[k]) / 2
        var lambda = threshold - min(max(threshold, -10), 10)
        var (staying, leaving) = (0.0, 0.0)
        for iteration in 1...max(iterations, 1) {
            (staying, leaving) = Self.logSums(preferences, lambda)
            let next = lambda + target - (staying - leaving)
            if next == lambda || iteration == iterations { break }
            lambda = next
        }
        return Plan(
            staying: preferences.map { exp(Self.logSigmoid(lambda + $0) + log(Double(n - k)) - staying) },
            leaving: preferences.map { exp(Self.logSigmoid(-lambda - $0) + log(Double(k)) - leaving) },
            costScale: costScale
        )
    }

    /// log Σ σ(x + λ) and log Σ σ(−x − λ).
    private static func logSums(_ preferences: [Double], _ lambda: Double) -> (Double, Double) {
        var (stay, leave) = (LogSum(), LogSum())
        for preference in preferences {
            let logStay = logSigmoid(lambda + preference)
            stay.add(logStay)
            // log σ(−x) = log σ(x) − x.
            leave.add(logStay - lambda - preference)
        }
        return (stay.value, leave.value)
    }

    /// log(1 / (1 + e^−x))
    private static func logSigmoid(_ x: Double) -> Double { min(x, 0) - log1p(exp(-abs(x))) }

    /// The gradient of the scores, given that of what is kept.
    ///
    /// Implicit differentiation of the plan, whose marginals are constant (Xie et al. 2020, appendix): with b = n Γ₀,
    /// a = n Γ₁ and potentials f of the rows and t of anchor 0, da = a (df − dc₁)/ε, df = b dc₀ + a dc₁ − b t, and t
    /// such that the b still sum to n − k.
    package func gradient(
        _ scores: UnsafeBufferPointer<Float>,
        _ plan: Plan,
        kept keptGradient: UnsafePointer<Float>
    ) -> [Float] {
        let (a, b) = (plan.leaving, plan.staying)
        // The a change against m.
        let shift = zip(a, b).enumerated().reduce(0.0) {
            $0 - Double(keptGradient[$1.offset]) * $1.element.0 * $1.element.1
        }
        let room = b.reduce(0.0) { $0 + $1 * (1 - $1) }
        let force = room > 0 ? shift / room : 0
        let factor = 2 / (plan.costScale * epsilon)
        return scores.enumerated().map { index, score in
            // Half the derivatives of the costs (s − anchor)².
            let s = Double(score)
            let (c0, c1) = side == .largest ? (s, s - 1) : (s - 1, s)
            let (a, b) = (a[index], b[index])
            let own = -Double(keptGradient[index]) * a * (b * c0 - (1 - a) * c1)
            return Float(factor * (own - force * b * ((1 - b) * c0 - a * c1)))
        }
    }
}

/// log Σ e^x of numbers that come one by one.
private struct LogSum {
    private var largest = -Double.infinity
    private var sum = 0.0

    mutating func add(_ x: Double) {
        if x <= largest {
            sum += exp(x - largest)
        } else {
            sum = sum * exp(largest - x) + 1
            largest = x
        }
    }

    var value: Double { largest + log(sum) }
}
