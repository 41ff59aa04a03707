import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Temporal masking")
struct TemporalMaskingTests {
    @Test("what stays of a clip sums to its length less what is masked", arguments: [0.2, 0.4, 0.5, 0.9] as [Float])
    func sums(ratio: Float) {
        let step = ObjectiveCase(.make { $0.maskRatio = ratio })
        let passes = step.run().passes
        #expect(passes.masks.count == 2)
        for (modality, mask) in passes.masks.enumerated() {
            for values in step.byClip(mask, modality: modality) {
                let masked = TemporalMasking.maskedUnits(values.count, ratio)
                let expected = values.count - (masked < values.count ? masked : 0)
                expectClose([values.reduce(0, +)], [Float(expected)], absolute: 1e-4)
            }
        }
    }

    @Test("the highest or the lowest scores are masked most", arguments: SoftTopK.Side.allCases)
    func sides(side: SoftTopK.Side) {
        let step = ObjectiveCase(.make { $0.topKSide = side })
        let passes = step.run().passes
        for modality in passes.masks.indices {
            let masks = step.byClip(passes.masks[modality], modality: modality)
            for (scores, mask) in zip(step.byClip(passes.scores[modality], modality: modality), masks) {
                guard TemporalMasking.maskedUnits(mask.count, 0.4) > 0 else {
                    #expect(mask.allSatisfy { $0 == 1 })
                    continue
                }
                let byScore = mask.indices.sorted { scores[$0] < scores[$1] }.map { mask[$0] }
                #expect(byScore == byScore.sorted(by: side == .largest ? (>) : (<)))
                #expect(mask.max()! > mask.min()!)
            }
        }
    }

    @Test("at random exactly k units of each clip are 0 and the others 1, others in the next step")
    func atRandom() {
        let step = ObjectiveCase(.make { $0.temporalMasking = .randomMask })
        let passes = step.run().passes
        #expect(passes.scores.isEmpty)
        for (modality, mask) in passes.masks.enumerated() {
            for values in step.byClip(mask, modality: modality) {
                #expect(values.count { $0 == 0 } == TemporalMasking.maskedUnits(values.count, 0.4))
                #expect(values.allSatisfy { $0 == 0 || $0 == 1 })
            }
        }
        #expect(step.run().passes.masks.map(\.values) == passes.masks.map(\.values))
        #expect(step.run(step: 2).passes.masks.map(\.values) != passes.masks.map(\.values))
        // Modalities draw apart: clips of ten units of both.
        let equal = ObjectiveCase.lengths.firstIndex(of: [10, 4])!,
            other = ObjectiveCase.lengths.firstIndex(of: [3, 10])!
        #expect(
            step.byClip(passes.masks[0], modality: 0)[equal] != step.byClip(passes.masks[1], modality: 1)[other])
    }

    @Test("at random nothing is hidden rather than everything", arguments: [0, 1] as [Float])
    func atRandomAllOrNothing(ratio: Float) {
        let passes = ObjectiveCase(
            .make { ($0.temporalMasking, $0.maskRatio) = (.randomMask, ratio) }
        ).run().passes
        #expect(passes.masks.allSatisfy { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test("a mask that hides nothing changes nothing", arguments: [Hyperparameters.TemporalMasking.on, .randomMask])
    func nothingMasked(masking: Hyperparameters.TemporalMasking) throws {
        let passes = ObjectiveCase(
            .make { ($0.temporalMasking, $0.maskRatio, $0.dropout) = (masking, 0, 0) }
        ).run().passes
        #expect(try #require(passes.masked).values == passes.clean.values)
        #expect(passes.losses.masked == passes.losses.recognition)
        let masked = ObjectiveCase(.make { ($0.temporalMasking, $0.dropout) = (masking, 0) }).run().passes
        #expect(try #require(masked.masked).values != masked.clean.values)
    }

    /// L_m alone trains the masking networks.
    @Test("reversal multiplies the masking networks' gradient by −α", arguments: [0.1, 0.5] as [Float])
    func reversal(alpha: Float) {
        func gradients(_ masking: Hyperparameters.TemporalMasking) -> [String: [Float]] {
            let step = ObjectiveCase(.make { ($0.temporalMasking, $0.alpha, $0.sigma) = (masking, alpha, 0) })
            let gradients = step.run().gradients
            return Dictionary(
                uniqueKeysWithValues: gradients.layout.parameters.map { ($0.name, gradients.values($0)) })
        }
        let (reversed, plain) = (gradients(.on), gradients(.noReversal))
        for name in ["masking.text.weight", "masking.audio.weight"] {
            let largest = plain[name]!.map(abs).max()!
            #expect(largest > 0)
            expectClose(reversed[name]!, plain[name]!.map { -alpha * $0 }, absolute: 1e-4 * alpha * largest, name)
        }
        // What is reversed goes on into the encoders.
        #expect(reversed["encoder.text.norm.weight"] != plain["encoder.text.norm.weight"])
    }
}
