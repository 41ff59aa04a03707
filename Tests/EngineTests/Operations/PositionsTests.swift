import TestSupport
import Testing

@testable import Engine

@Suite("Positions")
struct PositionsTests {
    @Test("gradients of learned positions, also of places beyond the table", arguments: [[1], [2, 0, 4], [5, 1]])
    func learned(lengths: [Int]) {
        let segments = Segments(lengths: lengths)
        FiniteDifferences(inputs: [[segments.rows, 3]], parameters: [[2, 3]])
            .check("positions of \(lengths)") { tape, x, p in tape.addPositions(p[0], to: x[0], segments) }
    }

    @Test("units beyond the table share its last row")
    func beyondTheTable() {
        var layout = ParameterLayout()
        let table = layout.add("table", [2, 2], .zeros)
        let tape = Tape(Parameters(layout: layout) { _ in [10, 20, 30, 40] }, recording: false)
        let x = Tensor([1, 1, 2, 2, 3, 3, 4, 4], shape: [4, 2])
        let y = tape.addPositions(table, to: tape.constant(x), Segments(lengths: [1, 0, 3]))
        #expect(y.value.values == [11, 21, 12, 22, 33, 43, 34, 44])
        #expect(x.values == [1, 1, 2, 2, 3, 3, 4, 4])
    }

    @Test("gradients of sinusoids", arguments: [[1], [2, 0, 3]])
    func sinusoids(lengths: [Int]) {
        let segments = Segments(lengths: lengths)
        FiniteDifferences(inputs: [[segments.rows, 3]]).check("sinusoids") { tape, x, _ in
            tape.addSinusoids(to: x[0], segments)
        }
    }

    @Test("sines and cosines of places, counted in each clip from 0")
    func sinusoidsByHand() {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        func sinusoids(_ width: Int, _ lengths: [Int]) -> [Float] {
            let segments = Segments(lengths: lengths)
            let x = tape.constant(
                Tensor([Float](repeating: 1, count: segments.rows * width), shape: [segments.rows, width]))
            return tape.addSinusoids(to: x, segments).value.values.map { $0 - 1 }
        }
        // sin 0, cos 0; sin 1, cos 1, sin 0.01, cos 0.01; the same of 2.
        let places: [[Float]] = [
            [0, 1, 0, 1], [0.841471, 0.540302, 0.0099998, 0.99995], [0.909297, -0.416147, 0.0199987, 0.9998],
        ]
        expectClose(sinusoids(4, [1, 0, 3]), places[0] + places[0] + places[1] + places[2], absolute: 1e-6)
        // An odd width ends with a sine, of place / 10000^(2/3).
        expectClose(sinusoids(3, [2]), [0, 1, 0, 0.841471, 0.540302, 0.0021544], absolute: 1e-6)
    }
}
