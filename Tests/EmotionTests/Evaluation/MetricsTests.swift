import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite("Golden metrics") struct GoldenMetricsTests {
    struct Case: Decodable {
        let probabilities: [[Float]]
        let labels: [[Float]]
        let threshold: Float
        let accuracy: Double
        let hammingLoss: Double
        let microPrecision: Double
        let microRecall: Double
        let microF1: Double
        let macroF1: Double
        let perLabelF1: [Double]
    }

    static func directory() throws -> URL {
        if let path = ProcessInfo.processInfo.environment["GOLDEN_DIR"] { return URL(fileURLWithPath: path) }
        return try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    }

    @Test func agreeWithTheIndependentImplementation() throws {
        let file = try Self.directory().appendingPathComponent("metrics.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let cases = try decoder.decode([Case].self, from: Data(contentsOf: file))
        #expect(!cases.isEmpty)
        for (index, golden) in cases.enumerated() {
            let labelCount = golden.labels[0].count
            let metrics = Metrics(
                probabilities: golden.probabilities.flatMap(\.self),
                labels: golden.labels.flatMap(\.self),
                labelCount: labelCount,
                thresholds: [Float](repeating: golden.threshold, count: labelCount)
            )
            let pairs = [
                (metrics.accuracy, golden.accuracy), (metrics.hammingLoss, golden.hammingLoss),
                (metrics.microPrecision, golden.microPrecision), (metrics.microRecall, golden.microRecall),
                (metrics.microF1, golden.microF1), (metrics.macroF1, golden.macroF1),
            ]
            for (ours, theirs) in pairs + zip(metrics.perLabelF1, golden.perLabelF1) {
                // The accuracy of the golden file is a mean in float32.
                #expect(abs(ours - theirs) < 1e-6, "case \(index)")
            }
            #expect(metrics.perLabelF1.count == golden.perLabelF1.count)
        }
    }
}

@Suite struct MetricsTests {
    static func make(_ probabilities: [Float], _ labels: [Float], labelCount: Int = 1, thresholds: [Float]? = nil)
        -> Metrics
    {
        Metrics(
            probabilities: probabilities,
            labels: labels,
            labelCount: labelCount,
            thresholds: thresholds ?? [Float](repeating: 0.5, count: labelCount)
        )
    }

    @Test func anEmptyUnionCountsZero() {
        let metrics = Self.make([0.1, 0.1, 0.9, 0.1], [0, 0, 1, 0], labelCount: 2)
        #expect(metrics.accuracy == 0.5)
        #expect(metrics.hammingLoss == 0)
        #expect(metrics.perLabelF1 == [1, 0])
        #expect(metrics.macroF1 == 0.5)
        #expect(metrics.microF1 == 1)
    }

    @Test func nothingPredictedIsZeroAndNotUndefined() {
        let metrics = Self.make([0.1, 0.2], [1, 0])
        #expect(metrics.microPrecision == 0)
        #expect(metrics.microRecall == 0)
        #expect(metrics.microF1 == 0)
    }

    @Test func eachLabelHasItsThresholdAndTheThresholdItselfCounts() {
        let metrics = Self.make([0.3, 0.3], [1, 0], labelCount: 2, thresholds: [0.3, 0.4])
        #expect(metrics.accuracy == 1)
    }

    @Test func rankingWithTies() {
        // Positives at 0.8 and 0.4, negatives at 0.4 and 0.1: of four pairs three are right and one is a tie.
        let metrics = Self.make([0.8, 0.4, 0.4, 0.1], [1, 1, 0, 0])
        #expect(metrics.perLabelAUROC == [0.875])
        // At 0.8 precision 1 for half the recall, at 0.4 precision 2/3 for the other half.
        #expect(abs((metrics.macroAveragePrecision ?? 0) - (0.5 + 0.5 * 2 / 3)) < 1e-12)
    }

    @Test func perfectAndReversedRanking() {
        #expect(Self.make([0.9, 0.8, 0.1], [1, 1, 0]).macroAUROC == 1)
        #expect(Self.make([0.1, 0.2, 0.9], [1, 1, 0]).macroAUROC == 0)
    }

    @Test func labelsWithOneOutcomeHaveNoRanking() {
        let metrics = Self.make([0.9, 0.9, 0.2, 0.1], [1, 1, 1, 0], labelCount: 2)
        #expect(metrics.perLabelAUROC == [nil, 1])
        #expect(metrics.macroAUROC == 1)
        #expect(Self.make([0.5], [1]).macroAUROC == nil)
        #expect(Self.make([0.5], [1]).macroAveragePrecision == nil)
    }

    @Test func calibrationIsTheWeightedGapPerBin() {
        // Two bins: {0.71, 0.73} with one positive, {0.1} with none.
        let error = Self.make([0.71, 0.73, 0.1], [1, 0, 0]).expectedCalibrationError
        #expect(abs((error ?? 0) - (abs(1 - 1.44) + 0.1) / 3) < 1e-6)
        #expect(Self.make([1, 0], [1, 0]).expectedCalibrationError == 0)
    }

    @Test func probabilitiesThatAreNotNumbersHaveNoRanking() {
        let metrics = Self.make([.nan, 0.9, 0.1], [1, 1, 0])
        #expect(metrics.macroAUROC == nil)
        #expect(metrics.expectedCalibrationError == nil)
        #expect(metrics.microRecall == 0.5)
    }

    @Test func codedWithSnakeCaseKeys() throws {
        let metrics = Self.make([0.9, 0.9, 0.2, 0.1], [1, 1, 1, 0], labelCount: 2)
        let data = try JSONEncoder().encode(metrics)
        let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        #expect(keys.contains("micro_f1") && keys.contains("per_label_auroc") && keys.contains("hamming_loss"))
        #expect(try JSONDecoder().decode(Metrics.self, from: data) == metrics)
    }

    private static func tuned(_ probabilities: [Float], _ labels: [Float], fallback: Float = 0.5) -> [Float] {
        Metrics.tunedThresholds(probabilities: probabilities, labels: labels, labelCount: 1, fallback: fallback)
    }

    @Test func tunedThresholdsHaveTheBestF1OfAll() {
        var generator = CounterGenerator(5)
        for _ in 0..<50 {
            let probabilities = (0..<24).map { _ in Float(generator.index(below: 12)) / 12 }
            let labels = probabilities.map { generator.uniform() < Double($0) ? Float(1) : 0 }
            let tuned = Self.tuned(probabilities, labels)
            let best = Self.make(probabilities, labels, thresholds: tuned).microF1
            for candidate in 0...12 {
                #expect(Self.make(probabilities, labels, thresholds: [Float(candidate) / 12]).microF1 <= best)
            }
        }
    }

    @Test func thresholdsStayWhereTuningGainsNothing() {
        #expect(Self.tuned([0.9, 0.1], [0, 0]) == [0.5])
        #expect(Self.tuned([0.9, 0.1], [1, 0]) == [0.5])
        #expect(Self.tuned([.nan, 0.1], [1, 0]) == [0.5])
        #expect(Self.tuned([0.9, 0.1], [0, 0], fallback: 0.25) == [0.25])
    }

    @Test func tunedThresholdLiesBetweenTheGroups() {
        let tuned = Metrics.tunedThresholds(
            probabilities: [0.4, 0.9, 0.3, 0.8, 0.2, 0.1],
            labels: [1, 1, 1, 0, 0, 0],
            labelCount: 2,
            fallback: 0.5
        )
        #expect(tuned.count == 2)
        #expect(abs(tuned[0] - 0.25) < 1e-6)
        #expect(tuned[1] > 0.8 && tuned[1] <= 0.9)
    }
}
