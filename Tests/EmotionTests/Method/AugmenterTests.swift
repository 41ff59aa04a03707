import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Augmentation")
struct AugmenterTests {
    private static func step(
        _ augmentation: Hyperparameters.Augmentation, _ change: (inout Hyperparameters) -> Void = { _ in }
    ) -> ObjectiveCase {
        ObjectiveCase(
            .make {
                ($0.temporalMasking, $0.augmentation) = (.off, augmentation)
                change(&$0)
            })
    }

    /// The projected units of each modality before and after, clip by clip.
    private static func augmented(_ step: ObjectiveCase, seed: UInt64 = 1) -> [(before: [[Float]], after: [[Float]])] {
        let tape = Tape(step.parameters, recording: true)
        let z = step.network.project(step.batch, on: tape)
        let randomness = Tape.Randomness(seed: seed, step: 1)
        let augmenter = Augmenter(objective: step.objective, labels: step.batch.labels!, randomness: randomness)
        return zip(z, augmenter.augmented(z, on: tape)).map { before, after in
            let (old, new, width) = (before.rows.value.values, after.rows.value.values, before.rows.columns)
            let clips = (0..<before.segments.count).map {
                before.segments[$0].lowerBound * width..<before.segments[$0].upperBound * width
            }
            return (clips.map { Array(old[$0]) }, clips.map { Array(new[$0]) })
        }
    }

    @Test("a step along the sign of the gradient has the size in every element")
    func fgsm() {
        let step = Self.step(.fgsm) { $0.augmentationSize = 0.125 }
        for (before, after) in Self.augmented(step) {
            let changes = zip(before.joined(), after.joined()).map { $1 - $0 }
            expectClose(changes.map(abs), changes.map { _ in 0.125 }, absolute: 1e-5)
            #expect(Set(changes.map { $0 > 0 }).count == 2)
        }
    }

    @Test("several steps stay within the size")
    func pgd() {
        let step = Self.step(.pgd) { $0.augmentationSize = 0.125 }
        let single = Self.augmented(Self.step(.fgsm) { $0.augmentationSize = 0.125 })
        for (index, (before, after)) in Self.augmented(step).enumerated() {
            let changes = zip(before.joined(), after.joined()).map { abs($1 - $0) }
            #expect(changes.max()! <= 0.125 + 1e-5)
            #expect(changes.max()! > 0.12)
            #expect(after != single[index].after)
        }
    }

    @Test("an attack raises the loss", arguments: [Hyperparameters.Augmentation.fgsm, .pgd])
    func attacks(augmentation: Hyperparameters.Augmentation) throws {
        let losses = Self.step(augmentation) { $0.dropout = 0 }.run().passes.losses
        #expect(try #require(losses.masked) > losses.recognition)
    }

    @Test(
        "an attack leaves the gradient of the other losses alone", arguments: [Hyperparameters.Augmentation.fgsm, .pgd])
    func separateGradients(augmentation: Hyperparameters.Augmentation) {
        let attacked = Self.step(augmentation) { $0.rho = 0 }.run().gradients.values
        #expect(attacked == Self.step(.none) { $0.rho = 0 }.run().gradients.values)
    }

    @Test("one run of units of each clip is erased, of up to the ratio of its length")
    func randomErasing() {
        let step = Self.step(.randomErasing)
        var lengths: Set<Int> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            for (before, after) in Self.augmented(step, seed: seed) {
                for (old, new) in zip(before, after) {
                    let units = old.count / 16
                    let erased = (0..<units).filter { unit in new[unit * 16..<(unit + 1) * 16].allSatisfy { $0 == 0 } }
                    let longest = TemporalMasking.maskedUnits(units, 0.4)
                    #expect(longest == 0 ? erased.isEmpty : (1...longest).contains(erased.count))
                    if let first = erased.first { #expect(erased == Array(first..<first + erased.count)) }
                    for unit in 0..<units where !erased.contains(unit) {
                        #expect(old[unit * 16..<(unit + 1) * 16] == new[unit * 16..<(unit + 1) * 16])
                    }
                    if units == 10 { lengths.insert(erased.count) }
                }
            }
        }
        #expect(lengths == [1, 2, 3, 4])
    }

    @Test("noise has the deviation that is asked for, and is drawn for each modality and step")
    func gaussianNoise() {
        let step = Self.step(.gaussianNoise) { $0.augmentationSize = 0.5 }
        let noise = Self.augmented(step).map { before, after in zip(before.joined(), after.joined()).map { $1 - $0 } }
        let all = noise.flatMap(\.self)
        let mean = all.reduce(0, +) / Float(all.count)
        let deviation = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(all.count)).squareRoot()
        // Of 720 draws.
        #expect(abs(mean) < 0.1)
        #expect(abs(deviation - 0.5) < 0.06)
        #expect(zip(noise[0], noise[1]).contains { abs($0 - $1) > 0.1 })
        let other = Self.augmented(step, seed: 2).map { before, after in
            zip(before.joined(), after.joined()).map { $1 - $0 }
        }
        #expect(zip(noise[0], other[0]).contains { abs($0 - $1) > 0.1 })
    }
}
