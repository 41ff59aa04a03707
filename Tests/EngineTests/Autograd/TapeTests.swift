import Testing

@testable import Engine

@Suite("Tape")
struct TapeTests {
    @Test(
        "a tape that does not record computes the same bits, with packed weights, too", arguments: [[10], [3, 0, 17]],
        [8, 36, 128])
    func onlyComputing(lengths: [Int], width: Int) {
        var layout = ParameterLayout()
        let shape = TransformerShape(
            width: width, heads: 4, feedForward: 2 * width, dropout: 0.1, layerNormEpsilon: 1e-5)
        let encoder = TransformerEncoder(&layout, "encoder", blocks: 2, shape)
        let decoder = TransformerDecoder(&layout, "decoder", queries: 6, blocks: 1, shape)
        let segments = Segments(lengths: lengths)
        let philox = Philox(seed: 1, step: 0, operation: 0)
        let x = Tensor(
            (0..<segments.rows * width).map { 2 * Philox.uniform(philox.word(at: $0)) - 1 },
            shape: [segments.rows, width])
        let results = [(true, ParameterForm.plain), (false, .plain), (false, .packed)].map { recording, form in
            let tape = Tape(Parameters(layout: layout, seed: 2, form: form), recording: recording)
            let memory = encoder(tape.constant(x), segments, on: tape)
            let read = decoder(memory: memory, segments, on: tape)
            return (memory.value.values + read.value.values).map(\.bitPattern)
        }
        #expect(results[1] == results[0])
        #expect(results[2] == results[0])
    }
}
