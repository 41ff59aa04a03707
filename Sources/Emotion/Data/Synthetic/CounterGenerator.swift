/// A counter-based random number generator: the i-th number is a fixed function of the key and i.
///
/// The key is mixed from a list of words such as (seed, epoch), so that any draw can be made again without the draws
/// before it. The function is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014):
/// number i is mix(key + (i + 1)·0x9E3779B97F4A7C15).
package struct CounterGenerator: RandomNumberGenerator, Sendable {
    private let key: UInt64
    private var counter: UInt64 = 0

    /// A generator of its own for every list of words.
    package init(_ words: UInt64...) {
        var key: UInt64 = 0
        for word in words { key = Self.mix((key &+ Self.step) ^ Self.mix(word &+ Self.step)) }
        self.key = key
    }

    package mutating func next() -> UInt64 {
        counter &+= 1
        return Self.mix(key &+ counter &* Self.step)
    }

    /// A number in 0..<bound, bound ≥ 1: the upper half of a 128-bit product, bias below bound / 2⁶⁴.
    package mutating func index(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number in (0, 1): odd multiples of 2⁻⁵⁴.
    package mutating func uniform() -> Double {
        (Double(next() >> 11) + 0.5) * 0x1p-53
    }

    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
