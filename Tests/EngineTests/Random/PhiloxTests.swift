import Testing

@testable import Engine

@Suite("Philox")
struct PhiloxTests {
    /// The vectors for philox4x32-10 in Random123's `kat_vectors`: counter, key, result.
    private static let vectors: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
        (.zero, .zero, SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
        (
            SIMD4(repeating: 0xFFFF_FFFF), SIMD2(repeating: 0xFFFF_FFFF),
            SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
        ),
        (
            SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2(0xA409_3822, 0x299F_31D0),
            SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
        ),
    ]

    @Test("known answers", arguments: vectors)
    func knownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
        #expect(Philox.bijection(counter, key: key) == expected)
        let philox = Philox(seed: UInt64(key.y) << 32 | UInt64(key.x), step: counter.w, operation: counter.z)
        let index = UInt64(counter.y) << 32 | UInt64(counter.x)
        #expect(philox.block(index) == expected)
    }

    @Test("words are those of the blocks")
    func lanes() {
        let philox = Philox(seed: 3, step: 4, operation: 5)
        for block in 0..<3 {
            for lane in 0..<4 {
                #expect(philox.word(at: 4 * block + lane) == philox.block(UInt64(block))[lane])
            }
        }
    }

    @Test("uniform values keep to their interval at its ends")
    func ends() {
        #expect(Philox.uniform(0) == 0)
        #expect(Philox.uniform(.max) == 1 - 0x1p-24)
        #expect(Philox.openUniform(0) == 0x1p-24)
        #expect(Philox.openUniform(.max) == 1 - 0x1p-24)
    }

    @Test("uniform and normal values have their moments")
    func moments() {
        let philox = Philox(seed: 11, step: 0, operation: 0)
        let blocks: UInt64 = 50_000
        var (uniform, normal) = ([Double](repeating: 0, count: 2), [Double](repeating: 0, count: 4))
        for block in 0..<blocks {
            let (words, z) = (philox.block(block), philox.normals(block))
            for lane in 0..<4 {
                let u = Philox.uniform(words[lane])
                uniform[0] += Double(u)
                uniform[1] += Double(u * u)
                var power = 1.0
                for order in 0..<4 {
                    power *= Double(z[lane])
                    normal[order] += power
                }
            }
        }
        let count = Double(4 * blocks)
        // Four standard errors each.
        #expect(abs(uniform[0] / count - 0.5) < 4 * (1 / 12 / count).squareRoot())
        #expect(abs(uniform[1] / count - 1 / 3) < 4 * (4 / 45 / count).squareRoot())
        #expect(abs(normal[0] / count) < 4 * (1 / count).squareRoot())
        #expect(abs(normal[1] / count - 1) < 4 * (2 / count).squareRoot())
        #expect(abs(normal[2] / count) < 4 * (15 / count).squareRoot())
        #expect(abs(normal[3] / count - 3) < 4 * (96 / count).squareRoot())
    }
}
