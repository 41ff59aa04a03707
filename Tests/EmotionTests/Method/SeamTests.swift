import Engine
import Testing

@testable import Emotion

@Suite("Seams")
struct SeamTests {
    private let layout: ParameterLayout
    private let parameters: Parameters
    private let gradients: Gradients
    private let first: Seam
    private let second: Seam
    /// On the first tape, a modality for each of two parameters.
    private let units: [Units]
    /// Twice the units, on the second tape.
    private let doubled: [Units]

    init() {
        var layout = ParameterLayout()
        let places = [2, 3].map { layout.add("p\($0)", [$0, 1], .ones) }
        self.layout = layout
        parameters = Parameters(layout: layout, seed: 1)
        gradients = Gradients(layout: layout)
        let tapes = [0, 1].map { [parameters] _ in Tape(parameters, recording: true) }
        let first = Seam(tapes[0])
        units = places.map {
            Units(rows: first.tape.expand($0, clips: 1), segments: Segments(lengths: [$0.shape[0]]))
        }
        second = Seam(tapes[1], from: units, of: first)
        self.first = first
        doubled = second.inputs.map { units in
            let two = Tensor([Float](repeating: 2, count: units.segments.rows), shape: [units.segments.rows, 1])
            return units.with(tapes[1].scaleRows(of: units.rows, by: tapes[1].constant(two)))
        }
    }

    private func arrived() -> [[Float]] {
        second.flush(into: gradients)
        first.flush(into: gradients)
        return layout.parameters.map(gradients.values)
    }

    @Test("what several passes leave at a seam goes on together, through each tape before it")
    func accumulates() {
        let (a, b) = (Tensor([1, 2], shape: [2, 1]), Tensor([3, 4, 5], shape: [3, 1]))
        second.accumulate([a, b], for: doubled)
        second.accumulate([a, b], for: second.inputs)
        #expect(second.inputs.map(\.rows.value.values) == [[1, 1], [1, 1, 1]])
        #expect(arrived() == [[3, 6], [9, 12, 15]])
    }

    @Test("gradients stay with their modality when another one has none")
    func nothing() {
        second.accumulate([nil, Tensor([3, 4, 5], shape: [3, 1])], for: doubled)
        #expect(arrived() == [[0, 0], [6, 8, 10]])
    }

    @Test("what is flushed early is not flushed again")
    func early() {
        let a = Tensor([1, 2], shape: [2, 1])
        second.accumulate([a, nil], for: doubled)
        second.flush(into: gradients, keepingRecord: true)
        second.accumulate([a, nil], for: doubled)
        #expect(arrived() == [[4, 8], [0, 0, 0]])
    }
}
