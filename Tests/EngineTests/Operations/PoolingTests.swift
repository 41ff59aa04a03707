import TestSupport
import Testing

@testable import Engine

@Suite("Pooling")
struct PoolingTests {
    @Test("means of clips", arguments: [[1], [3], [2, 0, 3], [0]])
    func meanPool(lengths: [Int]) {
        let segments = Segments(lengths: lengths)
        FiniteDifferences(inputs: [[segments.rows, 3]]).check("means of \(lengths)") { tape, x, _ in
            tape.meanPool(x[0], segments)
        }
    }

    @Test("the mean of a clip's rows; zeros for a clip without any")
    func meanPoolByHand() {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let x = tape.constant(Tensor([1, 2, 3, 6, 7, 7], shape: [3, 2]))
        let means = tape.meanPool(x, Segments(lengths: [2, 0, 1])).value
        #expect(means.shape == [3, 2])
        expectClose(means.values, [2, 4, 0, 0, 7, 7], relative: 1e-6)
    }
}
