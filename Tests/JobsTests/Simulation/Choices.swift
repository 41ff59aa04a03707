/// Where a simulation takes every decision from: numbers that a seed gives, or those of an earlier run, perhaps with some left
/// out. The same numbers make the same run.
final class Choices {
    private var generator: SplitMix
    private let replayed: [UInt64]?
    /// All numbers given so far.
    private(set) var taken: [UInt64] = []

    init(seed: UInt64) {
        generator = SplitMix(state: seed)
        replayed = nil
    }

    /// After the last of `numbers` there are only zeros, which stand for what is least remarkable.
    init(replaying numbers: [UInt64]) {
        generator = SplitMix(state: 0)
        replayed = numbers
    }

    /// A number below `bound`.
    func below(_ bound: Int) -> Int {
        let number: UInt64
        if let replayed {
            number = taken.count < replayed.count ? replayed[taken.count] : 0
        } else {
            number = generator.next()
        }
        let choice = number % UInt64(bound)
        taken.append(choice)
        return Int(choice)
    }

    /// True once in so many times.
    func once(in count: Int) -> Bool { below(count) == count - 1 }

    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
