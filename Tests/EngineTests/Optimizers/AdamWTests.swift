import TestSupport
import Testing

@testable import Engine

@Suite("AdamW")
struct AdamWTests {
    /// Two steps against the update written out in Double.
    @Test("AdamW follows its definition")
    func steps() {
        var layout = ParameterLayout()
        let parameter = layout.add("p", [3], .zeros)
        let parameters = Parameters(layout: layout) { _ in [1, -2, 0.5] }
        let gradients = Gradients(layout: layout)
        let optimizer = AdamW(layout: layout, weightDecay: 0.1)
        var (p, m, v) = ([1, -2, 0.5], [0.0, 0, 0], [0.0, 0, 0])
        for (step, g) in [[0.1, -3, 0], [0.2, 1, 1e-3]].enumerated() {
            for index in 0..<3 { gradients.pointer(parameter)[index] = Float(g[index]) }
            optimizer.step(parameters, gradients, learningRate: 0.01)
            let (c1, c2) = step == 0 ? (0.1, 0.001) : (0.19, 0.001999)
            for index in 0..<3 {
                m[index] = 0.9 * m[index] + 0.1 * g[index]
                v[index] = 0.999 * v[index] + 0.001 * g[index] * g[index]
                p[index] -= 0.01 * 0.1 * p[index]
                p[index] -= 0.01 * (m[index] / c1) / ((v[index] / c2).squareRoot() + 1e-8)
            }
            expectClose(parameters.values(parameter), p.map(Float.init), relative: 1e-5)
        }
    }
}
