import TestSupport
import Testing

@testable import Engine

/// Against finite differences and by hand.
@Suite("Operations on elements and rows")
struct ElementwiseTests {
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

    @Test("rows times numbers", arguments: [0, 1, 5], [1, 3])
    func scaledRows(rows: Int, width: Int) {
        FiniteDifferences(inputs: [[rows, width], [rows, 1]]).check("m ∘ x") { tape, x, _ in
            tape.scaleRows(of: x[0], by: x[1])
        }
        FiniteDifferences(inputs: [[rows, width]]).check("constant m") { tape, x, _ in
            let m = Tensor((0..<rows).map { Float($0) - 1 }, shape: [rows, 1])
            return tape.scaleRows(of: x[0], by: tape.constant(m))
        }
    }

    @Test("each row is scaled by its own number")
    func scaledRowsByHand() {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
        let m = tape.constant(Tensor([0, 1, -0.5], shape: [3, 1]))
        #expect(tape.scaleRows(of: x, by: m).value.values == [0, 0, 3, 4, -2.5, -3])
    }

    @Test("a constant change", arguments: [0, 1, 4])
    func change(rows: Int) {
        let change = Tensor((0..<2 * rows).map { Float($0) }, shape: [rows, 2])
        FiniteDifferences(inputs: [[rows, 2]]).check("x + change") { tape, x, _ in tape.addConstant(change, to: x[0]) }
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([Float](repeating: 0.5, count: 2 * rows), shape: [rows, 2]))
        #expect(tape.addConstant(change, to: x).value.values == (0..<2 * rows).map { Float($0) + 0.5 })
        // The operand keeps its values, and so does the change.
        #expect(x.value.values.allSatisfy { $0 == 0.5 })
        #expect(change.values == (0..<2 * rows).map { Float($0) })
    }
}
