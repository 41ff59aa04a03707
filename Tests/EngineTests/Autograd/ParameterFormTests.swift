import Testing

@testable import Engine

@Suite("Forms of parameters")
struct ParameterFormTests {
    private let layout: ParameterLayout
    private let encoder: TransformerEncoder
    private let width = 64

    init() {
        var layout = ParameterLayout()
        let shape = TransformerShape(width: width, heads: 4, feedForward: 128, dropout: 0, layerNormEpsilon: 1e-5)
        encoder = TransformerEncoder(&layout, "encoder", blocks: 1, shape)
        self.layout = layout
    }

    private static let forms: [ParameterForm] = ParameterForm.hasInt8 ? [.plain, .packed, .int8] : [.plain, .packed]

    @Test("what is no matrix keeps its values in every form", arguments: forms)
    func values(form: ParameterForm) {
        let plain = Parameters(layout: layout, seed: 5)
        let parameters = Parameters(layout: layout, seed: 5, form: form)
        for (parameter, use) in zip(layout.parameters, layout.uses) where use == .values {
            #expect(parameters.values(parameter) == plain.values(parameter))
        }
    }

    @Test("int8 is close to float32 and takes a quarter of the memory", .enabled(if: ParameterForm.hasInt8))
    func int8() {
        let x = Tensor((0..<7 * width).map { Float($0 % 13) / 13 - 0.5 }, shape: [7, width])
        let results = [ParameterForm.packed, .int8].map { form in
            let tape = Tape(Parameters(layout: layout, seed: 5, form: form), recording: false)
            return encoder(tape.constant(x), Segments(lengths: [7]), on: tape).value.values
        }
        #expect(results[0] != results[1])
        #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) < 0.05 })
        #expect(Double(layout.bytes(.int8, .float32)) < 0.31 * Double(layout.bytes(.packed, .float32)))
        #expect(layout.bytes(.plain, .float32) == 4 * layout.count)
    }
}
