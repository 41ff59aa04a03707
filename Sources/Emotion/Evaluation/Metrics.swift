/// How well probabilities of labels agree with the labels themselves, over N clips and K labels.
///
/// A label is predicted when its probability is at least its threshold. A clip with a probability that is not a number
/// from 0 to 1 could not be computed: none of its labels counts as predicted, and ``Counting/notComputableClips`` tells.
/// The ranking metrics do not depend on thresholds; they are nil where they are undefined, and
/// ``Counting/undefined`` says why.
///
/// In JSON the members have the names of the properties in snake case. Files of versions before these have neither
/// `accuracy_empty_union_1` nor `counting`.
package struct Metrics: Codable, Sendable, Equatable {
    /// Mean over clips of |y∩ŷ| / |y∪ŷ|; an empty union, of a clip without labels for which none is predicted, counts 0.
    package let accuracy: Double
    /// The same where an empty union counts 1.
    package let accuracyEmptyUnionOne: Double?
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
    /// What the figures above were counted on, and how.
    package let counting: Counting?

    private enum CodingKeys: String, CodingKey {
        case accuracy, counting
        case accuracyEmptyUnionOne = "accuracy_empty_union_1"
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
    ///   - truth: [N, K] of 0 and 1.
    ///   - labels: K names.
    package init(probabilities: [Float], truth: [Float], labels: [String], thresholds: Thresholds) {
        let labelCount = labels.count
        precondition(labelCount > 0 && !truth.isEmpty, "metrics need clips and labels")
        precondition(probabilities.count == truth.count && truth.count % labelCount == 0, "both hold [N, K]")
        precondition(thresholds.values.count == labelCount, "one threshold per label")
        let clips = truth.count / labelCount
        var counts = [Confusion](repeating: Confusion(), count: labelCount)
        var overlap = 0.0
        var (emptyUnions, notComputable) = (0, 0)
        for clip in 0..<clips {
            let row = clip * labelCount..<(clip + 1) * labelCount
            let isComputable = probabilities[row].allSatisfy(\.isProbability)
            if !isComputable { notComputable += 1 }
            var both = 0
            var either = 0
            for label in 0..<labelCount {
                let actual = truth[row.lowerBound + label] > 0.5
                let predicted = isComputable && probabilities[row.lowerBound + label] >= thresholds.values[label]
                counts[label].add(predicted: predicted, actual: actual)
                if actual && predicted { both += 1 }
                if actual || predicted { either += 1 }
            }
            if either > 0 { overlap += Double(both) / Double(either) } else { emptyUnions += 1 }
        }
        let all = counts.reduce(into: Confusion()) { $0.add($1) }
        accuracy = overlap / Double(clips)
        accuracyEmptyUnionOne = (overlap + Double(emptyUnions)) / Double(clips)
        hammingLoss = Double(all.falsePositives + all.falseNegatives) / Double(truth.count)
        microPrecision = all.precision
        microRecall = all.recall
        microF1 = all.f1
        perLabelF1 = counts.map(\.f1)
        macroF1 = perLabelF1.reduce(0, +) / Double(labelCount)

        let rankings = (0..<labelCount).map { label in
            LabelRanking(
                probabilities: stride(from: label, to: truth.count, by: labelCount).map { probabilities[$0] },
                truth: stride(from: label, to: truth.count, by: labelCount).map { truth[$0] }
            )
        }
        perLabelAUROC = rankings.map(\.areaUnderCurve)
        macroAUROC = Self.mean(perLabelAUROC)
        perLabelAveragePrecision = rankings.map(\.averagePrecision)
        macroAveragePrecision = Self.mean(perLabelAveragePrecision)
        perLabelExpectedCalibrationError = rankings.map(\.expectedCalibrationError)
        expectedCalibrationError =
            LabelRanking(probabilities: probabilities, truth: truth).expectedCalibrationError
        counting = Counting(
            clips: clips, notComputableClips: notComputable, emptyUnions: emptyUnions, labels: labels,
            thresholds: thresholds, counts: counts, rankings: rankings)
    }

    private static func mean(_ values: [Double?]) -> Double? {
        let defined = values.compactMap(\.self)
        return defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
    }
}

extension Metrics {
    /// Writes what is undefined as null instead of leaving it out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encodeIfPresent(accuracyEmptyUnionOne, forKey: .accuracyEmptyUnionOne)
        try container.encode(hammingLoss, forKey: .hammingLoss)
        try container.encode(microPrecision, forKey: .microPrecision)
        try container.encode(microRecall, forKey: .microRecall)
        try container.encode(microF1, forKey: .microF1)
        try container.encode(macroF1, forKey: .macroF1)
        try container.encode(perLabelF1, forKey: .perLabelF1)
        try container.encode(perLabelAUROC, forKey: .perLabelAUROC)
        try container.encode(macroAUROC, forKey: .macroAUROC)
        try container.encode(perLabelAveragePrecision, forKey: .perLabelAveragePrecision)
        try container.encode(macroAveragePrecision, forKey: .macroAveragePrecision)
        try container.encode(perLabelExpectedCalibrationError, forKey: .perLabelExpectedCalibrationError)
        try container.encode(expectedCalibrationError, forKey: .expectedCalibrationError)
        try container.encodeIfPresent(counting, forKey: .counting)
    }
}
