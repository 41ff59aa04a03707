import Testing

@testable import Engine

@Suite("Dropout")
struct DropoutTests {
    private func dropped(_ count: Int, seed: UInt64 = 1, step: UInt32 = 2, rate: Float = 0.25) -> [Float] {
        let mask = DropoutMask(rate: rate, randomness: .init(seed: seed, step: step), operation: 3)
        return Tape.applying(mask, to: Tensor(Array(repeating: 1, count: count), shape: [count, 1])).values
    }

    /// The mask is defined by the blocks of Philox alone: element 256 h + 64 w + b of tile t reads half h of word w of
    /// block 64 t + b.
    @Test("the mask reads the words of the generator as documented")
    func words() {
        let philox = Philox(seed: 0x1234_5678_9ABC, step: 9, operation: 3)
        let actual = dropped(1500, seed: 0x1234_5678_9ABC, step: 9)
        for element in actual.indices {
            let (tile, rest) = element.quotientAndRemainder(dividingBy: 512)
            let (half, word, block) = (rest / 256, rest % 256 / 64, rest % 64)
            let draw = philox.block(UInt64(64 * tile + block))[word] >> UInt32(16 * half) & 0xFFFF
            #expect((actual[element] != 0) == (draw < 49_152))
        }
    }

    @Test("kept elements are scaled so that the mean stays")
    func scale() {
        let values = dropped(100_000)
        #expect(Set(values) == [0, Float(65_536) / 49_152])
        let mean = values.reduce(0, +) / Float(values.count)
        #expect(abs(mean - 1) < 0.01)
    }

    @Test("another seed, step or operation gives another mask")
    func keys() {
        let mask = dropped(512)
        #expect(mask == dropped(512))
        #expect(mask != dropped(512, seed: 2))
        #expect(mask != dropped(512, step: 3))
    }

    @Test("successive operations of a pass draw different masks, passes of a step the same")
    func operations() {
        let parameters = Parameters(layout: ParameterLayout(), seed: 0)
        let pass = { () -> [[Float]] in
            let tape = Tape(parameters, recording: false, randomness: .init(seed: 1, step: 1))
            let x = tape.constant(Tensor(Array(repeating: 1, count: 512), shape: [512, 1]))
            return [tape.dropout(x, rate: 0.5).value.values, tape.dropout(x, rate: 0.5).value.values]
        }
        let masks = pass()
        #expect(masks[0] != masks[1])
        #expect(masks == pass())
    }
}
