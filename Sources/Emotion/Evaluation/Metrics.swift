/// How well probabilities of labels agree with the labels themselves, over N clips and K labels.
///
/// A label is predicted when its probability is at least its threshold. The ranking metrics do not depend on thresholds;
/// they are nil for a label that has no positive or no negative clip, or a probability that is not finite.
package struct Metrics: Codable, Sendable, Equatable {
    /// Mean over clips of |y∩ŷ| / |y∪ŷ|; an empty union counts 0.
    package let accuracy: Double
    /// Share of the N·K decisions that are wrong.
    package let hammingLoss: Double
    /// Over all N·K decisions together; 0 where undefined.
    package let microPrecision: Double
    package let microRecall: Double
    package let microF1: Double
    /// Mean of `perLabelF1`.
    package let macroF1: Double
    /// 0 where undefined: the label neither occurs nor is predicted.
    package let perLabelF1: [Double]
    package let perLabelAUROC: [Double?]
    /// Mean over the labels that have one.
    package let macroAUROC: Double?
    package let perLabelAveragePrecision: [Double?]
    /// Mean over the labels that have one.
    package let macroAveragePrecision: Double?
    package let perLabelExpectedCalibrationError: [Double?]
    /// Over all N·K probabilities together.
    package let expectedCalibrationError: Double?

    private enum CodingKeys: String, CodingKey {
        case accuracy
        case hammingLoss = "hamming_loss"
        case microPrecision = "micro_precision"
        case microRecall = "micro_recall"
        case microF1 = "micro_f1"
        case macroF1 = "macro_f1"
        case perLabelF1 = "per_label_f1"
        case perLabelAUROC = "per_label_auroc"
        case macroAUROC = "macro_auroc"
        case perLabelAveragePrecision = "per_label_average_precision"
        case macroAveragePrecision = "macro_average_precision"
        case perLabelExpectedCalibrationError = "per_label_expected_calibration_error"
        case expectedCalibrationError = "expected_calibration_error"
    }

    /// - Parameters:
    ///   - probabilities: [N, K], N ≥ 1.
    ///   - labels: [N, K] of 0 and 1.
    ///   - thresholds: K numbers.
    package init(probabilities: [Float], labels: [Float], labelCount: Int, thresholds: [Float]) {
        precondition(labelCount > 0 && !labels.isEmpty, "metrics need clips and labels")
        precondition(probabilities.count == labels.count && labels.count % labelCount == 0, "both hold [N, K]")
        precondition(thresholds.count == labelCount, "one threshold per label")
        let clips = labels.count / labelCount
        var counts = [Confusion](repeating: Confusion(), count: labelCount)
        var overlap = 0.0
        for clip in 0..<clips {
            var both = 0
            var either = 0
            for label in 0..<labelCount {
                let actual = labels[clip * labelCount + label] > 0.5
                let predicted = probabilities[clip * labelCount + label] >= thresholds[label]
                counts[label].add(predicted: predicted, actual: actual)
                if actual && predicted { both += 1 }
                if actual || predicted { either += 1 }
            }
            if either > 0 { overlap += Double(both) / Double(either) }
        }
        let all = counts.reduce(into: Confusion()) { $0.add($1) }
        accuracy = overlap / Double(clips)
        hammingLoss = Double(all.falsePositives + all.falseNegatives) / Double(labels.count)
        microPrecision = all.precision
        microRecall = all.recall
        microF1 = all.f1
        perLabelF1 = counts.map(\.f1)
        macroF1 = perLabelF1.reduce(0, +) / Double(labelCount)

        let rankings = (0..<labelCount).map { label in
            LabelRanking(
                probabilities: stride(from: label, to: labels.count, by: labelCount).map { probabilities[$0] },
                labels: stride(from: label, to: labels.count, by: labelCount).map { labels[$0] }
            )
        }
        perLabelAUROC = rankings.map(\.areaUnderCurve)
        macroAUROC = Self.mean(perLabelAUROC)
        perLabelAveragePrecision = rankings.map(\.averagePrecision)
        macroAveragePrecision = Self.mean(perLabelAveragePrecision)
        perLabelExpectedCalibrationError = rankings.map(\.expectedCalibrationError)
        expectedCalibrationError =
            LabelRanking(probabilities: probabilities, labels: labels).expectedCalibrationError
    }

    private static func mean(_ values: [Double?]) -> Double? {
        let defined = values.compactMap(\.self)
        return defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
    }
}

/// Decisions counted by what was predicted and what is true.
struct Confusion: Sendable {
    var truePositives = 0
    var falsePositives = 0
    var falseNegatives = 0

    mutating func add(predicted: Bool, actual: Bool) {
        switch (predicted, actual) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): break
        }
    }

    mutating func add(_ other: Confusion) {
        truePositives += other.truePositives
        falsePositives += other.falsePositives
        falseNegatives += other.falseNegatives
    }

    var precision: Double { Self.ratio(truePositives, truePositives + falsePositives) }
    var recall: Double { Self.ratio(truePositives, truePositives + falseNegatives) }
    var f1: Double { Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

    private static func ratio(_ part: Int, _ whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }
}
