import Testing

@testable import Engine

@Suite("Dropout")
struct DropoutTests {
    private func dropped(_ count: Int, seed: UInt64 = 1, step: UInt32 = 2, rate: Float = 0.25) -> [Float] {
        let mask = DropoutMask(rate: rate, randomness: .init(seed: seed, step: step), operation: 3)
        return Tape.applying(mask, to: Tensor(Array(repeating: 1, count: count), shape: [1, count])).values
    }

    /// The mask is defined by the blocks of Philox alone: element 64 h + 16 w + b of tile t reads half h of word w of
    /// block 16 t + b.
    @Test("the mask reads the words of the generator as documented")
    func words() {
        let philox = Philox(seed: 0x1234_5678_9ABC, step: 9, operation: 3)
        let actual = dropped(1500, seed: 0x1234_5678_9ABC, step: 9)
        for element in actual.indices {
            let (tile, rest) = element.quotientAndRemainder(dividingBy: 128)
            let (half, word, block) = (rest / 64, rest % 64 / 16, rest % 16)
            let draw = philox.block(UInt64(16 * tile + block))[word] >> UInt32(16 * half) & 0xFFFF
            #expect((actual[element] != 0) == (draw < 49_152))
        }
    }

    @Test("each row starts a tile, in whatever parts the matrix is masked")
    func rows() {
        let (rows, columns) = (3, 300)
        let mask = DropoutMask(rate: 0.25, randomness: .init(seed: 1, step: 2), operation: 3)
        let ones = Tensor(Array(repeating: 1, count: rows * columns), shape: [rows, columns])
        let whole = Tape.applying(mask, to: ones)
        let parts = Tensor(uninitialized: [rows, columns])
        for (rows, columns) in [(0..<1, 0..<128), (0..<1, 128..<300), (1..<3, 0..<256), (1..<3, 256..<300)] {
            let offset = rows.lowerBound * 300 + columns.lowerBound
            mask.apply(
                ones.pointer + offset, to: parts.pointer + offset, rows: rows, columns: columns, stride: 300)
        }
        #expect(parts.values == whole.values)
        // A row of 300 takes up three tiles.
        #expect(Array(whole.values[300..<600]) == Array(dropped(1500)[384..<684]))
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
            let x = tape.constant(Tensor(Array(repeating: 1, count: 512), shape: [1, 512]))
            return [tape.dropout(x, rate: 0.5).value.values, tape.dropout(x, rate: 0.5).value.values]
        }
        let masks = pass()
        #expect(masks[0] != masks[1])
        #expect(masks == pass())
    }
}
