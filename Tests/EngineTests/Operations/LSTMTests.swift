import Foundation
import TestSupport
import Testing

@testable import Engine

@Suite("LSTM", .serialized)
struct LSTMTests {
    /// Numbers between −1 and 1 that a test in another language can make as well.
    private static func sequence(_ element: Int, _ factor: Int, _ modulus: Int) -> Float {
        Float(element * factor % modulus) / Float(modulus) * 2 - 1
    }

    private static func random(_ lengths: [Int], input: Int, width: Int) -> LSTMCase {
        LSTMCase(lengths, input: input, width: width) { tensor, element in
            let philox = Philox(seed: 4, step: 0, operation: UInt32(tensor))
            return (2 * Philox.uniform(philox.word(at: element)) - 1) / (tensor < 2 ? Float(width).squareRoot() : 1)
        }
    }

    @Test(
        "gradients",
        arguments: [[], [0, 0], [1], [4], [1, 1, 1], [2, 0, 4, 1], [1, 3, 3, 0, 2]], [(1, 1), (3, 2), (2, 5)])
    func gradients(lengths: [Int], sizes: (input: Int, width: Int)) {
        let segments = Segments(lengths: lengths)
        let gates = 4 * sizes.width
        FiniteDifferences(
            inputs: [[segments.rows, sizes.input]], parameters: [[gates, sizes.input], [gates, sizes.width], [gates]]
        ).check("LSTM of \(lengths)") { tape, x, p in
            tape.lstm(x[0], segments, inputWeight: p[0], recurrentWeight: p[1], bias: p[2])
        }
    }

    private static let small = LSTMCase([2, 0, 4, 1], input: 2, width: 3) { tensor, element in
        let (factor, modulus) = [(7, 17), (5, 13), (3, 11), (4, 9)][tensor]
        return sequence(element, factor, modulus)
    }

    @Test("hidden states are those of torch.nn.LSTM")
    func torchHidden() {
        let expected: [Float] = [
            -0.129321, 0.064835, -0.131857, -0.021593, 0.241277, -0.006088, 0.050094, 0.228587, 0.002206, 0.076488,
            0.290283, 0.031244, 0.084965, 0.305661, 0.069817, 0.114634, 0.174416, -0.041917, -0.033688, 0.052174,
            -0.100325,
        ]
        expectClose(Self.small.output, expected, absolute: 2e-6)
    }

    @Test("gradients are those of torch.nn.LSTM and are added to what is there", arguments: [0, 0.5])
    func torchGradients(start: Float) {
        let gradients = Self.small.gradients({ Self.sequence($0, 2, 7) }, addedTo: start)
        let x: [Float] = [
            -0.182689, 0.128939, -0.018719, 0.008496, -0.021655, 0.100934, -0.000487, 0.096565, 0.02899, 0.074825,
            -0.044422, 0.006529, -0.125033, 0.069798,
        ]
        let inputWeight: [Float] = [
            -0.017676, 0.031042, -0.024328, -0.046642, 0.01787, -0.024542, -0.016431, 0.01564, 0.006139, -0.027091,
            -0.001182, 0.014653, 0.155705, -0.062358, 0.080896, -0.006086, -0.12073, 0.223239, -0.060401, -0.012082,
            -0.07697, -0.038067, 0.012555, 0.031827,
        ]
        let recurrentWeight: [Float] = [
            -0.006198, -0.008172, -0.004462, 0.01607, 0.029095, 0.010221, -0.003827, -0.014361, -0.002592, 0.000285,
            -0.009451, 0.001319, 0.004258, 0.014643, 0.002021, 0.000577, 0.002607, 0.000606, -0.012889, -0.034808,
            -0.009155, 0.009848, 0.021539, 0.006656, -0.00883, -0.045913, -8.6e-05, -0.001029, -0.008281, -0.000465,
            0.020616, 0.035038, 0.013519, -0.006834, -0.025733, -0.003373,
        ]
        let bias: [Float] = [
            0.050871, -0.035308, -0.084301, -0.047522, 0.052162, 0.009116, -0.312002, -0.101316, -0.232135, 0.049812,
            -0.044416, -0.130701,
        ]
        expectClose(gradients[0], x, absolute: 2e-6, "input")
        for (index, expected) in [inputWeight, recurrentWeight, bias].enumerated() {
            expectClose(gradients[index + 1], expected.map { $0 + start }, absolute: 2e-6, "parameter \(index)")
        }
    }

    /// With all gates open and nothing to tell the rows apart, the cell of row t is t + 1.
    @Test("gates that are fully open count the rows, and saturation gives no NaN")
    func saturated() {
        let lengths = [3, 1, 0, 5]
        let counter = LSTMCase(lengths, input: 1, width: 2) { tensor, _ in tensor == 2 ? 1000 : 0 }
        expectClose(
            counter.output, lengths.flatMap { length in (0..<2 * length).map { Float(tanh(Double($0 / 2 + 1))) } },
            absolute: 1e-6)
        let gradients = counter.gradients { _ in 1 }
        #expect(gradients.joined().allSatisfy { $0 == 0 })
        let closed = LSTMCase(lengths, input: 1, width: 2) { tensor, _ in tensor == 2 ? -1000 : 0 }
        #expect(closed.output.allSatisfy { abs($0) < 1e-30 })
    }

    @Test("a clip gives the same alone and in a batch")
    func batch() {
        let whole = Self.random([3, 0, 1, 5, 3], input: 6, width: 7)
        let together = whole.output
        for clip in 0..<whole.segments.count {
            let rows = whole.segments[clip]
            let x = Tensor(whole.x.values[rows.lowerBound * 6..<rows.upperBound * 6], shape: [rows.count, 6])
            let tape = Tape(whole.values, recording: false)
            let alone = whole.run(tape.constant(x), Segments(lengths: [rows.count]), on: tape).value.values
            expectClose(
                Array(together[rows.lowerBound * 7..<rows.upperBound * 7]), alone, absolute: 1e-6, "clip \(clip)")
        }
    }

    @Test("the result is the same to the bit for any number of threads")
    func threads() {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let lengths = (0..<80).map { $0 % 4 == 0 ? 1 : 3 }
        let batch = Self.random(lengths, input: 64, width: 96)
        // A step that is cut by rows.
        #expect(Chunks(rows: 60, columns: 384).count > 1)
        let results = [1, 2, 3, 8].map { threads in
            Parallel.threads = threads
            return ([batch.output] + batch.gradients { Self.sequence($0, 5, 11) }).map { $0.map(\.bitPattern) }
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }
}
