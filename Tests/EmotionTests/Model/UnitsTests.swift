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
        let tape = Tape(parameters, recording: true)
        let inputs = [2, 3].map { rows in
            Units(rows: tape.input(Tensor(zeros: [rows, 1])), segments: Segments(lengths: [rows]))
        }
        let seed = Tensor([1, 2, 3], shape: [3, 1])
        let pass = tape.backward([(inputs[1].rows, seed)], into: Gradients(layout: network.layout))
        let gradients = inputs.gradients(from: pass)
        #expect(gradients.map { $0?.values } == [nil, [1, 2, 3]])
    }
}
