import Testing

@testable import Engine

@Suite("Memory")
struct MemoryTests {
    @Test("what no machine has is refused before it is taken, with how much it would be")
    func refused() {
        let error = #expect(throws: MemoryError.self) { try Memory.require(1 << 60, for: "the training") }
        #expect(error?.purpose == "the training")
        #expect(error?.needed == 1 << 60)
        #expect((0..<1 << 60).contains(error?.available ?? -1))
    }

    @Test("what there is may be taken", arguments: [0, 1, 1 << 26])
    func allowed(bytes: Int) throws { try Memory.require(bytes, for: "a test") }

    @Test("sizes are in units that people read")
    func sizes() {
        let error = MemoryError(purpose: "the model", needed: 5 << 29, available: 1000)
        #expect(error.description == "the model needs about 2.5 GiB of memory, 1000 bytes are available")
    }

    @Test("the bound of attention is what its scratch memory allows")
    func longestSequence() {
        let longest = MultiHeadAttention.longestSequence
        #expect(longest == 8192)
        #expect(MultiHeadAttention.scratchBytes(rows: longest) <= 768 << 20)
        #expect(MultiHeadAttention.scratchBytes(rows: longest + 1) > 768 << 20)
    }
}
