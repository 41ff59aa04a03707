import Testing

@testable import Engine

@Suite("Philox as a sequence")
struct PhiloxGeneratorTests {
    @Test("it reads the words of the blocks in order")
    func words() {
        var generator = PhiloxGenerator(seed: 1, step: 2, operation: 3)
        let philox = Philox(seed: 1, step: 2, operation: 3)
        for block in 0..<5 {
            let words = philox.block(UInt64(block))
            #expect(generator.next() == UInt64(words.y) << 32 | UInt64(words.x))
            #expect(generator.next() == UInt64(words.w) << 32 | UInt64(words.z))
        }
    }

    @Test("bounded integers are uniform")
    func bounded() {
        var generator = PhiloxGenerator(seed: 5, step: 0, operation: 0)
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[generator.integer(below: 6)] += 1 }
        // Five standard deviations of a binomial distribution.
        #expect(counts.allSatisfy { abs($0 - 10_000) < 5 * 92 })
        #expect(generator.integer(below: 1) == 0)
        // Of a bound just above half of the range, nearly half of the draws must be thrown away.
        let large = Int.max / 2 * 2
        #expect((0..<1000).allSatisfy { _ in generator.integer(below: large) < large })
    }

    @Test("every order of three is equally likely")
    func orders() {
        var generator = PhiloxGenerator(seed: 6, step: 0, operation: 0)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<12_000 { counts[generator.shuffled(0..<3), default: 0] += 1 }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { abs($0 - 2000) < 5 * 41 })
    }

    /// What a seed means must not change from one release to the next.
    @Test("a shuffle is what it has always been")
    func stable() {
        var generator = PhiloxGenerator(seed: 2024, step: 1, operation: 7)
        #expect(generator.shuffled(0..<10) == [5, 2, 0, 7, 8, 6, 4, 3, 1, 9])
        #expect(generator.shuffled([Int]()) == [])
        #expect(generator.shuffled(["a"]) == ["a"])
    }
}
