import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Units")
struct UnitsTests {
    @Test("gradients stay with their modality when another one has none")
    func gradients() {
        let network = Network(.make())
        let parameters = Parameters(layout: network.layout, seed: 1)
        func units(_ tape: Tape) -> [Units] {
            [2, 3].map { rows in
                Units(rows: tape.input(Tensor(zeros: [rows, 1])), segments: Segments(lengths: [rows]))
            }
        }
        let tape = Tape(parameters, recording: true)
        let inputs = units(tape)
        let seed = Tensor([1, 2, 3], shape: [3, 1])
        let pass = tape.backward([(inputs[1].rows, seed)], into: Gradients(layout: network.layout))
        let gradients = inputs.gradients(from: pass)
        #expect(gradients.map { $0?.values } == [nil, [1, 2, 3]])

        let seeds = units(Tape(parameters, recording: true)).seeds(gradients)
        #expect(seeds.map { $0.0.rows } == [3])
        #expect(seeds.map { $0.1.values } == [[1, 2, 3]])
    }
}
