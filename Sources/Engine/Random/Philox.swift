import Foundation

/// The counter-based random number generator Philox4x32-10.
///
/// A value is a pure function of its key and its place, so a dropout mask can be computed again instead of stored, and
/// a resumed run draws what the unbroken run would have drawn. Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
/// as easy as 1, 2, 3" (SC 2011).
///
/// The 64-bit key and the 128-bit counter, as 32-bit words from the lowest:
///
/// | word | key       | counter    |
/// |------|-----------|------------|
/// | 0    | seed low  | index low  |
/// | 1    | seed high | index high |
/// | 2    |           | operation  |
/// | 3    |           | step       |
///
/// Distinct (seed, step, operation, index) thus never share a block. Each block holds four words; the stream of an
/// operation is the concatenation of its blocks, so word `i` is lane `i % 4` of block `i / 4`.
package struct Philox: Sendable, Hashable {
    package let seed: UInt64
    package let step: UInt32
    package let operation: UInt32

    package init(seed: UInt64, step: UInt32, operation: UInt32) {
        self.seed = seed
        self.step = step
        self.operation = operation
    }

    /// The four random words at a place of this operation's stream.
    package func block(_ index: UInt64) -> SIMD4<UInt32> {
        let counter = SIMD4(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), operation, step)
        return Philox.bijection(counter, key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)))
    }

    /// The word at position `element` of this operation's stream.
    package func word(at element: Int) -> UInt32 {
        block(UInt64(element) >> 2)[element & 3]
    }

    /// A word as a uniform value in [0, 1), a multiple of 2⁻²⁴.
    @inline(__always)
    package static func uniform(_ word: UInt32) -> Float {
        Float(word >> 8) * 0x1p-24
    }

    /// A word as a uniform value in (0, 1), an odd multiple of 2⁻²⁴.
    @inline(__always)
    package static func openUniform(_ word: UInt32) -> Float {
        Float((word >> 9) << 1 | 1) * 0x1p-24
    }

    /// Ten rounds of Philox on a whole counter and key.
    @inline(__always)
    static func bijection(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
        var (k0, k1) = (key.x, key.y)
        for _ in 0..<10 {
            let a = x.multipliedFullWidth(by: 0xD251_1F53)
            let b = z.multipliedFullWidth(by: 0xCD9E_8D57)
            (x, y, z, w) = (b.high ^ y ^ k0, b.low, a.high ^ w ^ k1, a.low)
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return SIMD4(x, y, z, w)
    }
}

extension Philox {
    /// Four independent standard normal values at a place of this operation's stream, by Box–Muller.
    ///
    /// The words in pairs (u, v) give √(−2 ln u) · (cos 2πv, sin 2πv), with u in (0, 1): never infinite, at most 5.8.
    package func normals(_ index: UInt64) -> SIMD4<Float> {
        let words = block(index)
        let (a, b) = Philox.normals(words.x, words.y)
        let (c, d) = Philox.normals(words.z, words.w)
        return SIMD4(a, b, c, d)
    }

    private static func normals(_ radial: UInt32, _ angular: UInt32) -> (Float, Float) {
        let radius = (-2 * log(openUniform(radial))).squareRoot()
        let angle = 2 * Float.pi * uniform(angular)
        return (radius * cos(angle), radius * sin(angle))
    }
}
