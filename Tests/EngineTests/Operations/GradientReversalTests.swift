import TestSupport
import Testing

@testable import Engine

@Suite("Gradient reversal")
struct GradientReversalTests {
    @Test(
        "the value stays, and the gradient is multiplied by −α",
        arguments: [0.1, 0, 1, 2] as [Float])
    func reversal(alpha: Float) throws {
        let values: [Float] = [-1.5, 0.25, 2, 0, 3, -4]
        let weights: [Float] = [1, -2, 0.5, 4, -0.25, 3]
        func gradient(_ operation: (Tape, Variable) -> Variable) throws -> [Float] {
            let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: true)
            let x = tape.input(Tensor(values, shape: [3, 2]))
            let y = operation(tape, x)
            let pass = tape.backward(
                [(y, Tensor(weights, shape: [3, 2]))], into: Gradients(layout: ParameterLayout()))
            return try #require(pass.gradient(of: x)).values
        }
        let unscaled = try gradient { tape, x in tape.sigmoid(x) }
        let scaled = try gradient { tape, x in
            let same = tape.gradientReversal(x, alpha: alpha)
            #expect(same.value.values == values)
            return tape.sigmoid(same)
        }
        expectClose(scaled, unscaled.map { -alpha * $0 }, relative: 1e-6)
    }
}
