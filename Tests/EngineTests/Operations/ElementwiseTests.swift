import TestSupport
import Testing

@testable import Engine

/// The operations of masked, augmented and placed units, against finite differences and by hand.
@Suite("Masking operations")
struct MaskingTests {
    @Test("sigmoid", arguments: [0, 1, 5])
    func sigmoid(rows: Int) {
        FiniteDifferences(inputs: [[rows, 3]]).check("sigmoid") { tape, x, _ in tape.sigmoid(x[0]) }
        var far = FiniteDifferences(inputs: [[rows, 3]])
        far.adjust = { 6 * $0 }
        far.check("sigmoid far from 0") { tape, x, _ in tape.sigmoid(x[0]) }
    }

    @Test("sigmoid has no NaN where it is flat")
    func saturated() throws {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: true)
        let x = tape.input(Tensor([-1000, 0, 1000], shape: [3, 1]))
        let y = tape.sigmoid(x)
        #expect(y.value.values == [0, 0.5, 1])
        let pass = tape.backward([(y, Tensor([1, 1, 1], shape: [3, 1]))], into: Gradients(layout: ParameterLayout()))
        #expect(try #require(pass.gradient(of: x)).values == [0, 0.25, 0])
    }

    @Test(
        "a scaled gradient is that multiple of the true one, and the value stays",
        arguments: [-0.1, 0, 1, 2] as [Float])
    func scaledGradient(factor: Float) throws {
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
            let same = tape.scalingGradient(of: x, by: factor)
            #expect(same.value.values == values)
            return tape.sigmoid(same)
        }
        expectClose(scaled, unscaled.map { factor * $0 }, relative: 1e-6)
    }

    /// A score of 1 in every clip has the largest cost, which the others do not reach, so that the divisor stays.
    @Test("soft top-k", arguments: [[1], [4], [3, 0, 1, 5]], SoftTopK.Side.allCases)
    func softTopK(lengths: [Int], side: SoftTopK.Side) {
        let free = Segments(lengths: lengths)
        let pinned = Segments(count: lengths.count, length: 1)
        for ratio in [0.2, 0.4, 0.7] as [Float] {
            var check = FiniteDifferences(inputs: [[free.rows, 1]])
            check.adjust = { 0.5 + 0.4 * $0 }
            check.check("soft top-k of \(lengths) at \(ratio)") { tape, x, _ in
                let ones = tape.constant(
                    Tensor([Float](repeating: 1, count: lengths.count), shape: [lengths.count, 1]))
                let (scores, segments) = tape.concatenate([(ones, pinned), (x[0], free)])
                return tape.softTopK(scores, segments, ratio: ratio, SoftTopK(epsilon: 0.5, side: side))
            }
        }
    }

    @Test("rows times numbers", arguments: [0, 1, 5], [1, 3])
    func scaledRows(rows: Int, width: Int) {
        FiniteDifferences(inputs: [[rows, width], [rows, 1]]).check("m ∘ x") { tape, x, _ in
            tape.scalingRows(of: x[0], by: x[1])
        }
        FiniteDifferences(inputs: [[rows, width]]).check("constant m") { tape, x, _ in
            let m = Tensor((0..<rows).map { Float($0) - 1 }, shape: [rows, 1])
            return tape.scalingRows(of: x[0], by: tape.constant(m))
        }
    }

    @Test("each row is scaled by its own number")
    func scaledRowsByHand() {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
        let m = tape.constant(Tensor([0, 1, -0.5], shape: [3, 1]))
        #expect(tape.scalingRows(of: x, by: m).value.values == [0, 0, 3, 4, -2.5, -3])
    }

    @Test("a constant change", arguments: [0, 1, 4])
    func change(rows: Int) {
        let change = Tensor((0..<2 * rows).map { Float($0) }, shape: [rows, 2])
        FiniteDifferences(inputs: [[rows, 2]]).check("x + change") { tape, x, _ in tape.adding(change, to: x[0]) }
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([Float](repeating: 0.5, count: 2 * rows), shape: [rows, 2]))
        #expect(tape.adding(change, to: x).value.values == (0..<2 * rows).map { Float($0) + 0.5 })
        // The operand keeps its values, and so does the change.
        #expect(x.value.values.allSatisfy { $0 == 0.5 })
        #expect(change.values == (0..<2 * rows).map { Float($0) })
    }

    @Test("means of clips", arguments: [[1], [3], [2, 0, 3], [0]])
    func clipMeans(lengths: [Int]) {
        let segments = Segments(lengths: lengths)
        FiniteDifferences(inputs: [[segments.rows, 3]]).check("means of \(lengths)") { tape, x, _ in
            tape.clipMeans(of: x[0], segments)
        }
    }

    @Test("the mean of a clip's rows; zeros for a clip without any")
    func clipMeansByHand() {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([1, 2, 3, 6, 7, 7], shape: [3, 2]))
        let means = tape.clipMeans(of: x, Segments(lengths: [2, 0, 1])).value
        #expect(means.shape == [3, 2])
        expectClose(means.values, [2, 4, 0, 0, 7, 7], relative: 1e-6)
    }
}
