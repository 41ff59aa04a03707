import TestSupport
import Testing

@testable import Engine

@Suite("LSTM encoder")
struct LSTMEncoderTests {
    private static func shape(dropout: Float = 0) -> TransformerShape {
        TransformerShape(width: 4, heads: 2, feedForward: 8, dropout: dropout, layerNormEpsilon: 1e-2)
    }

    @Test("parameters and their initialisation")
    func parameters() {
        var layout = ParameterLayout()
        let encoder = LSTMEncoder(&layout, "encoder", blocks: 2, Self.shape())
        let layers = [0, 1].flatMap { layer in
            ["weight_ih", "weight_hh", "bias"].map { "encoder.layers.\(layer).\($0)" }
        }
        let gates = encoder.parameters.filter { $0.group == .recurrence }.map(\.parameter)
        let norm = encoder.parameters.filter { $0.group == .other }.map(\.parameter)
        #expect(gates.map(\.name) == layers)
        #expect(norm.map(\.name) == ["encoder.norm.weight", "encoder.norm.bias"])
        #expect(layout.parameters == encoder.parameters.map(\.parameter))
        #expect(gates.map(\.shape) == [[16, 4], [16, 4], [16], [16, 4], [16, 4], [16]])

        let values = Parameters(layout: layout, seed: 1)
        for parameter in gates {
            // √(6 / (16 + 4)) and 1 / √4.
            let bound: Float = parameter.shape.count == 2 ? 0.5477226 : 0.5
            let largest = values.values(parameter).map(abs).max()!
            #expect(largest <= bound && largest > bound / 2, "\(parameter.name)")
        }
        #expect(values.values(norm[0]) == [1, 1, 1, 1])
    }

    /// The whole stack, so that layers, dropout and norm come in the right order and their gradients arrive.
    @Test("gradients", arguments: [0, 1, 3], [nil, OperationTests.randomness])
    func gradients(blocks: Int, randomness: Tape.Randomness?) {
        let segments = Segments(lengths: [2, 0, 3, 1])
        var layout = ParameterLayout()
        let encoder = LSTMEncoder(&layout, "encoder", blocks: blocks, Self.shape(dropout: 0.3))
        FiniteDifferences(
            inputs: [[segments.rows, 4]], parameters: layout.parameters.map(\.shape), randomness: randomness,
            tolerance: 1e-2
        ).check("\(blocks) layers") { tape, x, _ in encoder(x[0], segments, on: tape) }
    }

    @Test("dropout lies between the layers only")
    func dropout() {
        let segments = Segments(lengths: [3, 2])
        let x = Tensor((0..<20).map { Float($0 % 7) - 3 }, shape: [5, 4])
        for blocks in [1, 2] {
            var layout = ParameterLayout()
            let encoder = LSTMEncoder(&layout, "encoder", blocks: blocks, Self.shape(dropout: 0.5))
            let values = Parameters(layout: layout, seed: 1)
            let outputs = [nil, OperationTests.randomness].map { randomness in
                let tape = Tape(values, recording: false, randomness: randomness)
                return encoder(tape.constant(x), segments, on: tape).value.values
            }
            #expect((outputs[0] == outputs[1]) == (blocks == 1))
        }
    }

    @Test("a batch without units", arguments: [[], [0, 0]])
    func empty(lengths: [Int]) {
        var layout = ParameterLayout()
        let encoder = LSTMEncoder(&layout, "encoder", blocks: 2, Self.shape())
        let tape = Tape(Parameters(layout: layout, seed: 1), recording: true)
        let x = tape.input(Tensor(zeros: [0, 4]))
        let y = encoder(x, Segments(lengths: lengths), on: tape)
        #expect(y.value.shape == [0, 4])
        let gradients = Gradients(layout: layout)
        tape.backward([(y, Tensor(zeros: [0, 4]))], into: gradients)
        #expect(gradients.values.allSatisfy { $0 == 0 })
    }
}
