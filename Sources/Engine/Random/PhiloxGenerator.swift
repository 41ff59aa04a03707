/// A sequential reader of a Philox stream, for shuffles and other draws whose number is not known in advance.
///
/// What it draws is defined here alone: the standard library's `shuffled(using:)` and `random(in:using:)` may change
/// their use of a generator from one release to the next, and would then change what a seed means.
package struct PhiloxGenerator: RandomNumberGenerator, Sendable {
    private let philox: Philox
    private var index: UInt64 = 0
    private var words = SIMD4<UInt32>()
    private var used = 4

    package init(_ philox: Philox) {
        self.philox = philox
    }

    package init(seed: UInt64, step: UInt32, operation: UInt32) {
        self.init(Philox(seed: seed, step: step, operation: operation))
    }

    /// The next two words of the stream, the first in the low half.
    package mutating func next() -> UInt64 {
        if used == 4 {
            words = philox.block(index)
            index += 1
            used = 0
        }
        defer { used += 2 }
        return UInt64(words[used + 1]) << 32 | UInt64(words[used])
    }

    /// A uniform integer in 0..<bound, without bias.
    ///
    /// Lemire, "Fast random integer generation in an interval" (2019): the high half of a product, where the low half
    /// is thrown away in the few cases that would make some results more frequent than others.
    ///
    /// - Precondition: bound > 0.
    package mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "a bounded integer needs a positive bound")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold {
                product = next().multipliedFullWidth(by: bound)
            }
        }
        return Int(product.high)
    }

    /// The elements in a random order, every order equally likely (Fisher–Yates).
    package mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
        var result = Array(elements)
        for last in stride(from: result.count - 1, to: 0, by: -1) {
            result.swapAt(last, integer(below: last + 1))
        }
        return result
    }
}
