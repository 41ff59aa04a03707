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
                truth: golden.labels.flatMap(\.self),
                labels: (0..<labelCount).map(String.init),
                thresholds: .fixed(golden.threshold, labels: labelCount)
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
    static func make(_ probabilities: [Float], _ truth: [Float], labelCount: Int = 1, thresholds: Thresholds? = nil)
        -> Metrics
    {
        Metrics(
            probabilities: probabilities,
            truth: truth,
            labels: Array(["a", "b", "c", "d"].prefix(labelCount)),
            thresholds: thresholds ?? .fixed(0.5, labels: labelCount)
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
        let metrics = Self.make([0.3, 0.3], [1, 0], labelCount: 2, thresholds: .tuned([0.3, 0.4]))
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

    @Test func bothConventionsOfTheEmptyUnionAreThere() {
        // Of three clips the first has an empty union, the second is right and the third wrong.
        let metrics = Self.make([0.1, 0.1, 0.9, 0.1, 0.9, 0.1], [0, 0, 1, 0, 0, 1], labelCount: 2)
        #expect(metrics.accuracy == 1.0 / 3)
        #expect(metrics.accuracyEmptyUnionOne == 2.0 / 3)
        #expect(metrics.counting?.emptyUnions == 1 && metrics.counting?.clips == 3)
    }

    @Test func saysWhatItWasCountedOn() throws {
        // Label a has both outcomes, b never occurs and is never predicted, c always occurs.
        let metrics = Self.make(
            [0.9, 0.1, 0.9, 0.1, 0.2, 0.9], [1, 0, 1, 0, 0, 1], labelCount: 3, thresholds: .tuned([0.5, 0.3, 0.5]))
        let counting = try #require(metrics.counting)
        #expect(counting.labels == ["a", "b", "c"] && counting.thresholds == .tuned([0.5, 0.3, 0.5]))
        #expect(counting.labelCounts == [1, 0, 2] && counting.prevalence == [0.5, 0, 1])
        #expect(counting.predictedCounts == [1, 0, 2])
        #expect(counting.labelsNeverPredicted == ["b"] && counting.labelsNeverOccurring == ["b"])
        #expect(counting.macroF1Labels == 3 && counting.macroAUROCLabels == 1)
        #expect(counting.macroAveragePrecisionLabels == 1)
        let reasons = counting.undefined.map { "\($0.metric) \($0.label ?? "-"): \($0.reason)" }
        #expect(
            reasons == [
                "per_label_f1 b: neither occurs nor is predicted; counts 0",
                "per_label_auroc b: no positive clip", "per_label_average_precision b: no positive clip",
                "per_label_auroc c: no negative clip", "per_label_average_precision c: no negative clip",
            ])
        #expect(metrics.perLabelAUROC == [1, nil, nil])
    }

    @Test func figuresOverAllLabelsThatAreUndefinedSayWhy() {
        func reasons(_ probabilities: [Float], _ truth: [Float]) -> [String] {
            let undefined = Self.make(probabilities, truth, labelCount: 2).counting?.undefined ?? []
            return undefined.filter { $0.metric.hasPrefix("micro") }.map { "\($0.metric): \($0.reason)" }
        }
        #expect(reasons([0.1, 0.2, 0.9, 0.1], [1, 0, 0, 1]) == [])
        #expect(reasons([0.1, 0.2, 0.1, 0.1], [1, 0, 0, 1]) == ["micro_precision: no label is predicted; counts 0"])
        #expect(reasons([0.9, 0.2, 0.1, 0.1], [0, 0, 0, 0]) == ["micro_recall: no label occurs; counts 0"])
        #expect(
            reasons([0.1, 0.2, 0.1, 0.1], [0, 0, 0, 0]) == [
                "micro_precision: no label is predicted; counts 0", "micro_recall: no label occurs; counts 0",
                "micro_f1: no label occurs or is predicted; counts 0",
            ])
    }

    @Test func whereNoLabelHasARankingTheMeansSayWhy() {
        let undefined = Self.make([0.9], [1]).counting?.undefined.filter { $0.label == nil }
        #expect(undefined?.map(\.metric) == ["macro_auroc", "macro_average_precision"])
        #expect(undefined?.allSatisfy { $0.reason == "no label has a value" } == true)
    }

    @Test(arguments: [Float.nan, .infinity, -0.1, 1.5])
    func aClipThatCannotBeComputedIsCountedAndNothingOfItPredicted(value: Float) throws {
        let metrics = Self.make([0.9, value, 0.9, 0.9], [1, 1, 1, 1], labelCount: 2)
        let counting = try #require(metrics.counting)
        #expect(counting.notComputableClips == 1 && !counting.isMeaningless)
        #expect(counting.predictedCounts == [1, 1] && metrics.microRecall == 0.5)
        #expect(metrics.expectedCalibrationError == nil)
        let reason = "a clip cannot be computed"
        #expect(
            counting.undefined.contains { $0.metric == "per_label_auroc" && $0.label == "b" && $0.reason == reason })
        #expect(counting.undefined.contains { $0.metric == "expected_calibration_error" && $0.reason == reason })
        #expect(Self.make([value], [1]).counting?.isMeaningless == true)
    }

    @Test func thresholdsAreTunedOnTheClipsThatCanBeComputed() {
        let tuned = Thresholds.tuned(
            probabilities: [0.4, 0.3, 0.1, .nan], truth: [1, 1, 0, 0], labelCount: 1, fallback: 0.5)
        #expect(tuned.rule == .tuned && tuned.values.count == 1)
        #expect(tuned.values[0] > 0.1 && tuned.values[0] <= 0.3)
    }

    @Test func figuresAtHalfAndAtTunedThresholdsAreSideBySide() throws {
        let comparison = ThresholdComparison(
            probabilities: [0.4, 0.1], truth: [1, 0], labels: ["a"], tuned: .tuned([0.25]))
        #expect(comparison.half.microF1 == 0 && comparison.half.counting?.labelsNeverPredicted == ["a"])
        #expect(comparison.tuned?.microF1 == 1)
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(comparison)) as? [String: Any]
        #expect(object.map { Set($0.keys) } == ["0.5", "tuned"])
    }

    @Test func undefinedIsNullAndMetricsOfEarlierVersionsAreRead() throws {
        let data = try JSONEncoder().encode(Self.make([0.9], [1]))
        var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["macro_auroc"] is NSNull && object["macro_average_precision"] is NSNull)
        for name in ["accuracy_empty_union_1", "counting", "macro_auroc", "macro_average_precision"] {
            object[name] = nil
        }
        let old = try JSONDecoder().decode(Metrics.self, from: JSONSerialization.data(withJSONObject: object))
        #expect(old.accuracy == 1 && old.accuracyEmptyUnionOne == nil && old.counting == nil)
    }

    @Test func codedWithSnakeCaseKeys() throws {
        let metrics = Self.make([0.9, 0.9, 0.2, 0.1], [1, 1, 1, 0], labelCount: 2)
        let data = try JSONEncoder().encode(metrics)
        let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        #expect(keys.contains("accuracy_empty_union_1") && keys.contains("counting"))
        #expect(keys.contains("micro_f1") && keys.contains("per_label_auroc") && keys.contains("hamming_loss"))
        #expect(try JSONDecoder().decode(Metrics.self, from: data) == metrics)
    }

    private static func tuned(_ probabilities: [Float], _ labels: [Float], fallback: Float = 0.5) -> [Float] {
        Thresholds.tuned(probabilities: probabilities, truth: labels, labelCount: 1, fallback: fallback).values
    }

    @Test func tunedThresholdsHaveTheBestF1OfAll() {
        var generator = CounterGenerator(5)
        for _ in 0..<50 {
            let probabilities = (0..<24).map { _ in Float(generator.index(below: 12)) / 12 }
            let labels = probabilities.map { generator.uniform() < Double($0) ? Float(1) : 0 }
            let tuned = Self.tuned(probabilities, labels)
            let best = Self.make(probabilities, labels, thresholds: .tuned(tuned)).microF1
            for candidate in 0...12 {
                #expect(Self.make(probabilities, labels, thresholds: .tuned([Float(candidate) / 12])).microF1 <= best)
            }
        }
    }

    @Test func thresholdsStayWhereTuningGainsNothing() {
        #expect(Self.tuned([0.9, 0.1], [0, 0]) == [0.5])
        #expect(Self.tuned([0.9, 0.1], [1, 0]) == [0.5])
        #expect(Self.tuned([.nan, 0.1], [1, 0]) == [0.5])
        #expect(Self.tuned([.nan, .nan], [1, 1]) == [0.5])
        #expect(Self.tuned([0.9, 0.1], [0, 0], fallback: 0.25) == [0.25])
    }

    @Test func tunedThresholdLiesBetweenTheGroups() {
        let tuned = Thresholds.tuned(
            probabilities: [0.4, 0.9, 0.3, 0.8, 0.2, 0.1],
            truth: [1, 1, 1, 0, 0, 0],
            labelCount: 2,
            fallback: 0.5
        ).values
        #expect(tuned.count == 2)
        #expect(abs(tuned[0] - 0.25) < 1e-6)
        #expect(tuned[1] > 0.8 && tuned[1] <= 0.9)
    }
}
