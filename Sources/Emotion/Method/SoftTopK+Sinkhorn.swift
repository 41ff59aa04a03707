import Foundation

/// Soft top-k as the authors' script has it: Sinkhorn iterations, which need not have settled.
extension SoftTopK {
    /// The plan after ``iterations``.
    ///
    /// Scaling the rows gives σ(λ + x) for what stays; scaling the columns then makes what leaves sum to k and moves λ. The
    /// last thing done is a scaling of columns, so that m = 1 − n Γ₁ has the right sum even if the iterations were too few.
    /// All sums are of logarithms, so that no epsilon is too small. An iteration moves λ by about 1 and the way from
    /// Sinkhorn's start is of the order of 1/ε, so that λ begins within 10 of 0: the whole way for an epsilon of 0.1 or more.
    ///
    /// - Parameters:
    ///   - x: is 0 between the scores that hard top-k parts.
    ///   - start: the x of the score 0.5, where all scalings are 1.
    func iterated(_ x: [Double], k: Int, start: Double, costScale: Double) -> Plan {
        let (kept, left) = (log(Double(x.count - k)), log(Double(k)))
        var lambda = -min(max(start, -10), 10)
        var (staying, leaving) = (0.0, 0.0)
        for iteration in 1...iterations {
            (staying, leaving) = Self.logSums(x, lambda)
            let next = lambda + (kept - left) - (staying - leaving)
            if next == lambda || iteration == iterations { break }
            lambda = next
        }
        return Plan(
            staying: x.map { exp(Self.logSigmoid(lambda + $0) + kept - staying) },
            leaving: x.map { exp(Self.logSigmoid(-lambda - $0) + left - leaving) },
            costScale: costScale
        )
    }

    /// log Σ σ(x + λ) and log Σ σ(−x − λ).
    private static func logSums(_ x: [Double], _ lambda: Double) -> (Double, Double) {
        var (stay, leave) = (LogSum(), LogSum())
        for x in x {
            let logStay = logSigmoid(lambda + x)
            stay.add(logStay)
            // log σ(−x) = log σ(x) − x.
            leave.add(logStay - lambda - x)
        }
        return (stay.value, leave.value)
    }

    /// The gradient of the scores by implicit differentiation of a plan whose marginals are constant (Xie et al. 2020,
    /// appendix): with b = n Γ₀, a = n Γ₁ and potentials f of the rows and t of anchor 0, da = a (df − dc₁)/ε,
    /// df = b dc₀ + a dc₁ − b t, and t such that the b still sum to n − k. It is as good as the plan has settled.
    func iteratedGradient(
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
