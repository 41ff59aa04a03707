import TestSupport
import Testing

@testable import Engine

/// Every differentiable operation against finite differences, over small shapes.
@Suite("Differentiable operations")
struct OperationTests {
    static let randomness = Tape.Randomness(seed: 3, step: 5)

    @Test("linear", arguments: [0, 1, 3, 5], [1, 4])
    func linear(rows: Int, input: Int) {
        for output in [1, 3] {
            FiniteDifferences(inputs: [[rows, input]], parameters: [[output, input], [output]])
                .check("linear") { tape, x, p in tape.linear(x[0], weight: p[0], bias: p[1]) }
        }
    }

    /// Pre-activations closer to zero than the step of the differences would sit on the kink, so the bias keeps them away:
    /// units are either well on or well off.
    @Test("linear with ReLU and dropout", arguments: [1, 4], [nil, randomness])
    func feedForward(rows: Int, randomness: Tape.Randomness?) {
        var check = FiniteDifferences(inputs: [[rows, 3]], parameters: [[5, 3], [5]], randomness: randomness)
        check.adjust = { $0 < 0 ? $0 - 0.5 : $0 + 0.5 }
        check.check("linear, ReLU") { tape, x, p in
            tape.linear(x[0], weight: p[0], bias: p[1], activation: .relu, dropout: 0.4)
        }
    }

    @Test("layer normalisation", arguments: [0, 1, 3], [2, 5])
    func layerNorm(rows: Int, columns: Int) {
        FiniteDifferences(inputs: [[rows, columns]], parameters: [[columns], [columns]], tolerance: 2e-2)
            .check("layer norm") { tape, x, p in tape.layerNorm(x[0], gain: p[0], bias: p[1], epsilon: 1e-2) }
    }

    @Test("residual, dropout and layer normalisation", arguments: [nil, randomness])
    func residualLayerNorm(randomness: Tape.Randomness?) {
        FiniteDifferences(
            inputs: [[4, 6], [4, 6]], parameters: [[6], [6]], randomness: randomness, tolerance: 1e-2
        ).check("add, layer norm") { tape, x, p in
            tape.layerNorm(x[0], residual: x[1], gain: p[0], bias: p[1], epsilon: 1e-2, dropout: 0.3)
        }
    }

    @Test("a residual that is its own branch")
    func sharedResidual() {
        FiniteDifferences(inputs: [[3, 4]], parameters: [[4], [4]], tolerance: 1e-2).check("x + x") { tape, x, p in
            tape.layerNorm(x[0], residual: x[0], gain: p[0], bias: p[1], epsilon: 1e-2)
        }
    }

    @Test("dropout", arguments: [1, 7, 600])
    func dropout(rows: Int) {
        FiniteDifferences(inputs: [[rows, 2]], randomness: Self.randomness).check("dropout") { tape, x, _ in
            tape.dropout(x[0], rate: 0.5)
        }
    }

    @Test("self-attention", arguments: [[1], [3], [2, 0, 4], [1, 1]], [1, 2])
    func selfAttention(lengths: [Int], heads: Int) {
        let segments = Segments(lengths: lengths)
        for randomness in [nil, Self.randomness] {
            FiniteDifferences(inputs: [[segments.rows, 12]], randomness: randomness, tolerance: 1e-2)
                .check("self-attention") { tape, x, _ in
                    tape.attention(
                        queries: x[0], keysAndValues: x[0], keyColumn: 4,
                        shape: AttentionShape(queries: segments, keys: segments, width: 4, heads: heads), dropout: 0.3)
                }
        }
    }

    @Test("cross-attention", arguments: [[1], [3, 2], [2, 0, 4]])
    func crossAttention(lengths: [Int]) {
        let keys = Segments(lengths: lengths)
        let queries = Segments(count: lengths.count, length: 2)
        for randomness in [nil, Self.randomness] {
            FiniteDifferences(inputs: [[queries.rows, 4], [keys.rows, 8]], randomness: randomness, tolerance: 1e-2)
                .check("cross-attention") { tape, x, _ in
                    tape.attention(
                        queries: x[0], keysAndValues: x[1], keyColumn: 0,
                        shape: AttentionShape(queries: queries, keys: keys, width: 4, heads: 2), dropout: 0.3)
                }
        }
    }

    @Test("concatenation along time")
    func concatenation() {
        let parts = [Segments(lengths: [2, 0, 1]), Segments(lengths: [1, 3, 0])]
        FiniteDifferences(inputs: [[3, 2], [4, 2]]).check("concatenation") { tape, x, _ in
            tape.concatenate([(x[0], parts[0]), (x[1], parts[1])]).0
        }
    }

    @Test("repeated queries", arguments: [1, 3])
    func repeatedQueries(clips: Int) {
        FiniteDifferences(parameters: [[2, 3]]).check("repeated queries") { tape, _, p in
            tape.expand(p[0], clips: clips)
        }
    }

    @Test("label scores with a vector per label and a shared one", arguments: [3, 1])
    func perLabelLinear(vectors: Int) {
        FiniteDifferences(inputs: [[6, 4]], parameters: [[vectors, 4], [vectors]]).check("label scores") { tape, x, p in
            tape.perLabelLinear(x[0], labels: 3, weight: p[0], bias: p[1])
        }
    }

    @Test("binary cross-entropy")
    func crossEntropy() {
        let labels: [Float] = [1, 0, 0, 1, 1, 0]
        let logits: [Float] = [0.3, -1.2, 4, -4, 40, -40]
        let (loss, gradient) = binaryCrossEntropy(logits: Tensor(logits, shape: [2, 3]), labels: labels)
        // −log σ(0.3) − log σ(1.2) − log σ(−4) − log σ(−4), and two terms that vanish.
        expectClose([loss], [(0.554355 + 0.263282 + 4.018150 + 4.018150) / 6], relative: 1e-5)
        for index in 0..<4 {
            let moved = [-0x1p-7, 0x1p-7].map { step in
                var logits = logits
                logits[index] += Float(step)
                return binaryCrossEntropy(logits: Tensor(logits, shape: [2, 3]), labels: labels).loss
            }
            expectClose([gradient.values[index]], [(moved[1] - moved[0]) * 64], absolute: 1e-4)
        }
        #expect(gradient.values[4] == 0)
    }

    @Test("gradients of a variable that is used twice add up")
    func usedTwice() {
        FiniteDifferences(inputs: [[3, 4]], parameters: [[4, 4], [4]]).check("x and f(x)") { tape, x, p in
            let once = tape.linear(x[0], weight: p[0], bias: p[1])
            let segments = Segments(lengths: [3])
            return tape.concatenate([(once, segments), (x[0], segments), (once, segments)]).0
        }
    }
}
