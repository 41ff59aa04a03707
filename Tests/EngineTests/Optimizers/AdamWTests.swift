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

    @Test("an optimizer made of the moments of another goes on like it")
    func goesOn() {
        var layout = ParameterLayout()
        let all = [layout.add("p", [3], .zeros), layout.add("q", [2, 2], .ones)]
        let gradients = Gradients(layout: layout)
        func step(_ optimizer: AdamW, _ parameters: Parameters, _ number: Int) {
            for parameter in all {
                for index in 0..<parameter.count {
                    gradients.pointer(parameter)[index] = Float(number * (index + 1)) * 0.3 - 1
                }
            }
            optimizer.step(parameters, gradients, learningRate: 0.01)
        }
        let (first, parameters) = (AdamW(layout: layout, weightDecay: 0.1), Parameters(layout: layout, seed: 1))
        for number in 1...3 { step(first, parameters, number) }
        let second = AdamW(layout: layout, weightDecay: 0.1, steps: first.steps) { parameter in
            let moments = first.moments(parameter)
            return (Array(moments.first), Array(moments.second))
        }
        let copy = parameters.copy()
        step(first, parameters, 4)
        step(second, copy, 4)
        #expect(second.steps == 4)
        #expect(copy.values.map(\.bitPattern) == parameters.values.map(\.bitPattern))
    }
}
