import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Soft top-k")
struct SoftTopKTests {
    /// Random scores in (0, 1).
    private static func random(_ count: Int) -> [Float] {
        let philox = Philox(seed: 5, step: 0, operation: 0)
        return (0..<count).map { Philox.uniform(philox.word(at: $0)) }
    }

    /// Scores a fixed distance apart, in a random order.
    private static func spread(_ count: Int) -> [Float] {
        var generator = PhiloxGenerator(seed: 5, step: 1, operation: 0)
        return generator.shuffled(1...count).map { Float($0) / Float(count + 1) }
    }

    /// What stays of the scores of one clip.
    private static func kept(_ scores: [Float], ratio: Float, _ topK: SoftTopK = SoftTopK()) -> [Float] {
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let variable = tape.constant(Tensor(scores, shape: [scores.count, 1]))
        return tape.softTopK(variable, Segments(lengths: [scores.count]), ratio: ratio, topK).value.values
    }

    private static func kept(_ scores: [Float], k: Int, _ topK: SoftTopK = SoftTopK()) -> [Float]? {
        scores.withUnsafeBufferPointer { scores in
            topK.plan(scores, k: k, costScale: SoftTopK.costScale(scores))?.kept
        }
    }

    private static func sum(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) } }

    @Test("what stays sums to n − k", arguments: [2, 3, 60, 500, 5000], SoftTopK.Side.allCases)
    func sums(length: Int, side: SoftTopK.Side) {
        let scores = Self.random(length)
        let ratios: [Float] = length < 5000 ? [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] : [0.1, 0.4, 0.9]
        for ratio in ratios {
            let k = TemporalMasking.maskedUnits(length, ratio)
            for iterations in length < 5000 ? [0, 1, 3, 100] : [0, 3, 40] {
                let kept = Self.kept(scores, ratio: ratio, SoftTopK(iterations: iterations, side: side))
                let expected = k == length ? length : length - k
                let isRight = abs(Self.sum(kept) - Double(expected)) <= 1e-4
                #expect(isRight, "\(iterations) iterations, k \(k): \(Self.sum(kept))")
            }
        }
    }

    @Test("nothing is taken out of clips that are too short, nor by k = 0 and k = n")
    func everythingStays() {
        #expect(Self.kept([], ratio: 0.4).isEmpty)
        for ratio in [0, 0.4, 0.5, 1] as [Float] { #expect(Self.kept([0.3], ratio: ratio) == [1]) }
        let scores = Self.random(7)
        for ratio in [0, 1] as [Float] {
            #expect(Self.kept(scores, ratio: ratio) == [Float](repeating: 1, count: 7))
        }
        #expect(Self.kept(scores, k: 0) == nil)
        #expect(Self.kept(scores, k: 7) == nil)
        #expect(Self.kept(scores, k: 6) != nil)
    }

    @Test("clips are apart: each has a k of its own")
    func clips() {
        let scores = Self.random(14)
        let tape = Tape(Parameters(layout: ParameterLayout(), seed: 1), recording: false)
        let segments = Segments(lengths: [1, 0, 10, 3])
        let kept = tape.softTopK(
            tape.constant(Tensor(scores, shape: [14, 1])), segments, ratio: 0.4, SoftTopK()
        ).value.values
        let sums = (0..<segments.count).map { Float(Self.sum(Array(kept[segments[$0]]))) }
        expectClose(sums, [1, 0, 6, 2], absolute: 1e-5)
    }

    @Test("a smaller epsilon comes closer to taking out exactly k", arguments: [5, 60, 300], SoftTopK.Side.allCases)
    func hardLimit(length: Int, side: SoftTopK.Side) throws {
        let scores = Self.spread(length)
        for k in [1, length * 2 / 5, length - 1] {
            let order = scores.indices.sorted { side == .largest ? scores[$0] > scores[$1] : scores[$0] < scores[$1] }
            var hard = [Float](repeating: 1, count: length)
            for index in order.prefix(k) { hard[index] = 0 }
            let distances = try [0.1, 0.01, 0.001, 1e-4].map { epsilon in
                let kept = try #require(Self.kept(scores, k: k, SoftTopK(epsilon: epsilon, side: side)))
                #expect(kept.allSatisfy { (-1e-3...1).contains($0) }, "ε \(epsilon), k \(k)")
                return zip(kept, hard).map { abs($0 - $1) }
            }
            let totals = distances.map(Self.sum)
            #expect(zip(totals, totals.dropFirst()).allSatisfy { $0 > $1 || $0 == 0 }, "k \(k): \(totals)")
            #expect(distances[3].max()! < 1e-3, "k \(k)")
        }
    }

    @Test("the units of the highest or the lowest scores go", arguments: SoftTopK.Side.allCases)
    func sides(side: SoftTopK.Side) throws {
        let scores: [Float] = [0.9, 0.1, 0.6, 0.2, 0.8]
        let kept = try #require(Self.kept(scores, k: 2, SoftTopK(epsilon: 0.01, side: side)))
        expectClose(kept, side == .largest ? [0, 1, 1, 1, 0] : [1, 0, 1, 0, 1], absolute: 1e-2)
        // The softer choice keeps the order.
        let soft = try #require(Self.kept(scores, k: 2, SoftTopK(side: side)))
        let byScore = scores.indices.sorted { scores[$0] < scores[$1] }.map { soft[$0] }
        #expect(byScore == byScore.sorted(by: side == .largest ? (>) : (<)))
    }

    @Test("equal scores share alike", arguments: [0.1, 0.001])
    func ties(epsilon: Double) throws {
        let kept = try #require(Self.kept([0.4, 0.7, 0.7, 0.1, 0.7], k: 2, SoftTopK(epsilon: epsilon)))
        #expect(kept[1] == kept[2] && kept[2] == kept[4])
        #expect(kept[0] > kept[1] && kept[3] > kept[1])
    }

    @Test("scores that are all the same", arguments: [0, 0.5, 1] as [Float], SoftTopK.Side.allCases)
    func constantScores(score: Float, side: SoftTopK.Side) throws {
        for epsilon in [1, 0.1, 1e-4] {
            let kept = try #require(
                Self.kept([Float](repeating: score, count: 10), k: 4, SoftTopK(epsilon: epsilon, side: side)))
            expectClose(kept, [Float](repeating: 0.6, count: 10), absolute: 1e-6)
        }
    }

    @Test("how many units are masked: halves are rounded up")
    func maskedUnits() {
        let cases: [(length: Int, ratio: Float, masked: Int)] = [
            (10, 0.35, 4), (1, 0.4, 0), (1, 0.5, 1), (3, 0.5, 2), (60, 0.4, 24), (2, 0.4, 1), (0, 0.4, 0), (5, 0.1, 1),
            (4, 0.1, 0), (7, 0, 0), (7, 1, 7), (15, 0.3, 5),
            // 0.29 · 50 and 0.57 · 50 lie below 14.5 and 28.5 in double precision.
            (50, 0.29, 15), (50, 0.57, 29),
        ]
        for (length, ratio, masked) in cases {
            #expect(TemporalMasking.maskedUnits(length, ratio) == masked, "\(ratio) of \(length)")
        }
    }

    /// The divisor is a constant of the gradient, so it is held while a score moves.
    @Test("gradient", arguments: [0, 2000], [0.1, 0.02])
    func gradient(iterations: Int, epsilon: Double) throws {
        for (side, (length, k)) in SoftTopK.Side.allCases.flatMap({ side in
            [(2, 1), (3, 1), (9, 4), (40, 16)].map { (side, $0) }
        }) {
            let topK = SoftTopK(epsilon: epsilon, iterations: iterations, side: side)
            let weights: [Float] = Self.random(length + 50).suffix(length).map { 2 * $0 - 1 }
            func plan(_ scores: [Float]) throws -> SoftTopK.Plan {
                let plan = scores.withUnsafeBufferPointer { topK.plan($0, k: k, costScale: 0.7) }
                return try #require(plan)
            }
            // So close to each other that none is wholly in or out.
            let scores = Self.spread(length).map { 0.45 + 0.1 * $0 }
            let unmoved = try plan(scores)
            let gradient = scores.withUnsafeBufferPointer { topK.gradient($0, unmoved, kept: weights) }
            let differences = try scores.indices.map { index -> Float in
                let values = try ([-0x1p-12, 0x1p-12] as [Float]).map { step -> Double in
                    var moved = scores
                    moved[index] += step
                    return zip(try plan(moved).kept, weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                }
                return Float((values[1] - values[0]) * 2048)
            }
            let largest = differences.map(abs).max() ?? 0
            #expect(largest > 0.1)
            expectClose(gradient, differences, absolute: 5e-3 * largest, "gradient of \(k) of \(length)")
        }
    }

    private static func plan(_ scores: [Float], k: Int, _ topK: SoftTopK) throws -> SoftTopK.Plan {
        let plan = scores.withUnsafeBufferPointer { topK.plan($0, k: k, costScale: SoftTopK.costScale($0)) }
        return try #require(plan)
    }

    /// Hard ones: ties across the border, all units or none at an end of the range, one unit against many.
    private static let hardScores: [(scores: [Float], k: Int)] = [
        ([0.2, 0.7], 1), ([0, 1], 1), ([0.5, 0.5, 0.5], 2), ([0.4, 0.7, 0.7, 0.1, 0.7], 2), ([1, 1, 1, 0, 0, 0, 0], 3),
        ([0, 0, 0, 0, 1], 3), ([1e-20, 1e-10, 0.3, 1], 2), (spread(30), 12), (random(60), 24), (random(12), 1),
        (random(12), 11), (random(12).map { $0 < 0.3 ? 0 : 1 }, 5),
    ]

    @Test("the solution is what a million Sinkhorn iterations come to", arguments: [1, 0.1, 0.02])
    func settled(epsilon: Double) throws {
        for (side, (scores, k)) in SoftTopK.Side.allCases.flatMap({ side in Self.hardScores.map { (side, $0) } }) {
            let solved = try Self.plan(scores, k: k, SoftTopK(epsilon: epsilon, side: side))
            let iterated = try Self.plan(scores, k: k, SoftTopK(epsilon: epsilon, iterations: 1_000_000, side: side))
            // Where scores are far apart a million is not enough: an iteration then moves λ by what is missing from 0 or 1.
            for (a, b) in zip(solved.staying, iterated.staying) {
                #expect(abs(a - b) <= 1e-9 || (epsilon < 0.1 && abs(a - b) <= 2e-6), "\(k) of \(scores): \(a), \(b)")
            }
        }
    }

    @Test("the solution's sums are right to the last digits", arguments: [10, 0.1, 0.01, 1e-4], SoftTopK.Side.allCases)
    func solvedSums(epsilon: Double, side: SoftTopK.Side) throws {
        let long = [(Self.random(5000), 1), (Self.random(5000), 2000), (Self.spread(3000), 2999)]
        for (scores, k) in Self.hardScores + long {
            let plan = try Self.plan(scores, k: k, SoftTopK(epsilon: epsilon, side: side))
            let (stay, leave) = (plan.staying.reduce(0, +), plan.leaving.reduce(0, +))
            #expect(abs(stay - Double(scores.count - k)) <= 1e-14 * Double(scores.count) + 1e-13, "\(stay), k \(k)")
            #expect(abs(leave - Double(k)) <= 1e-14 * Double(scores.count) + 1e-13, "\(leave), k \(k)")
            #expect(plan.staying.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("to take the largest out of s is to take the smallest out of 1 − s", arguments: [0.1, 1e-3])
    func symmetry(epsilon: Double) throws {
        // Multiples of 2⁻⁸, whose complements are exact.
        let scores = Self.random(40).map { ($0 * 256).rounded() / 256 }
        for k in [1, 16, 39] {
            let largest = try Self.plan(scores, k: k, SoftTopK(epsilon: epsilon))
            let smallest = try Self.plan(scores.map { 1 - $0 }, k: k, SoftTopK(epsilon: epsilon, side: .smallest))
            for (a, b) in zip(largest.staying, smallest.staying) { #expect(abs(a - b) <= 1e-13) }
            // What stays of the one is what leaves when n − k are taken out on the other side.
            let others = try Self.plan(scores, k: 40 - k, SoftTopK(epsilon: epsilon, side: .smallest))
            for (a, b) in zip(largest.staying, others.leaving) { #expect(abs(a - b) <= 1e-12) }
        }
    }

    @Test("scores that are not numbers give no numbers, and an end")
    func notANumber() throws {
        for scores in [[.nan, .nan, .nan], [0.5, .nan, 0.25]] as [[Float]] {
            let kept = try Self.plan(scores, k: 1, SoftTopK()).kept
            #expect(kept.contains { $0.isNaN })
        }
    }

    /// A score of 1 in every clip has the largest cost, which the others do not reach, so that the divisor stays.
    @Test("on a tape, against finite differences", arguments: [[1], [4], [3, 0, 1, 5]], SoftTopK.Side.allCases)
    func onTape(lengths: [Int], side: SoftTopK.Side) {
        let free = Segments(lengths: lengths)
        let pinned = Segments(count: lengths.count, length: 1)
        for (ratio, iterations) in [(0.2, 0), (0.4, 0), (0.4, 100), (0.7, 0)] as [(Float, Int)] {
            var check = FiniteDifferences(inputs: [[free.rows, 1]])
            check.adjust = { 0.5 + 0.4 * $0 }
            check.check("soft top-k of \(lengths) at \(ratio)") { tape, x, _ in
                let ones = tape.constant(
                    Tensor([Float](repeating: 1, count: lengths.count), shape: [lengths.count, 1]))
                let (scores, segments) = tape.concatenate([(ones, pinned), (x[0], free)])
                return tape.softTopK(
                    scores, segments, ratio: ratio, SoftTopK(epsilon: 0.5, iterations: iterations, side: side))
            }
        }
    }
}
