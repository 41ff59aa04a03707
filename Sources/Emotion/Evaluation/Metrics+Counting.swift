extension Metrics {
    /// What metrics were counted on and by which conventions, so that they can be compared with those of others.
    ///
    /// Arrays with a number per label are in the order of `labels`.
    package struct Counting: Codable, Sendable, Equatable {
        /// A figure that is undefined, and why.
        package struct Undefined: Codable, Sendable, Equatable {
            /// As the member of the metrics is called.
            package let metric: String
            /// nil for a figure over all labels.
            package let label: String?
            package let reason: String
        }

        package let labels: [String]
        package let clips: Int
        /// Clips with a probability that is not a number from 0 to 1. They count as if nothing were predicted for them.
        package let notComputableClips: Int
        /// Clips without a label for which none is predicted: `accuracy` counts 0 for each, `accuracy_empty_union_1` 1.
        package let emptyUnions: Int
        package let thresholds: Thresholds
        /// Clips that have the label, and as a share of all clips.
        package let labelCounts: [Int]
        package let prevalence: [Double]
        /// Clips for which the label is predicted.
        package let predictedCounts: [Int]
        package let labelsNeverPredicted: [String]
        package let labelsNeverOccurring: [String]
        /// How many labels the means run over: `macro_f1` over all, an undefined F1 being 0; the others over those that
        /// have a value.
        package let macroF1Labels: Int
        package let macroAUROCLabels: Int
        package let macroAveragePrecisionLabels: Int
        /// Every figure that is null, and every precision, recall and F1 that is 0 because it is undefined.
        package let undefined: [Undefined]

        /// Whether the figures mean nothing, because no clip could be computed.
        package var isMeaningless: Bool { notComputableClips == clips }

        private enum CodingKeys: String, CodingKey {
            case labels, clips, thresholds, prevalence, undefined
            case notComputableClips = "not_computable_clips"
            case emptyUnions = "empty_unions"
            case labelCounts = "label_counts"
            case predictedCounts = "predicted_counts"
            case labelsNeverPredicted = "labels_never_predicted"
            case labelsNeverOccurring = "labels_never_occurring"
            case macroF1Labels = "macro_f1_labels"
            case macroAUROCLabels = "macro_auroc_labels"
            case macroAveragePrecisionLabels = "macro_average_precision_labels"
        }
    }
}

extension Metrics.Counting {
    init(
        clips: Int, notComputableClips: Int, emptyUnions: Int, labels: [String], thresholds: Thresholds,
        counts: [Confusion], rankings: [LabelRanking]
    ) {
        let named = zip(labels, counts)
        let definedRankings = rankings.count { $0.areaUnderCurve != nil }
        self.init(
            labels: labels,
            clips: clips,
            notComputableClips: notComputableClips,
            emptyUnions: emptyUnions,
            thresholds: thresholds,
            labelCounts: counts.map(\.actual),
            prevalence: counts.map { Double($0.actual) / Double(clips) },
            predictedCounts: counts.map(\.predicted),
            labelsNeverPredicted: named.filter { $0.1.predicted == 0 }.map(\.0),
            labelsNeverOccurring: named.filter { $0.1.actual == 0 }.map(\.0),
            macroF1Labels: labels.count,
            macroAUROCLabels: definedRankings,
            macroAveragePrecisionLabels: rankings.count { $0.averagePrecision != nil },
            undefined: Self.undefined(labels, counts, rankings, isComplete: notComputableClips == 0)
        )
    }

    private static func undefined(
        _ labels: [String], _ counts: [Confusion], _ rankings: [LabelRanking], isComplete: Bool
    ) -> [Undefined] {
        var undefined: [Undefined] = []
        for ((label, counts), ranking) in zip(zip(labels, counts), rankings) {
            if counts.actual == 0, counts.predicted == 0 {
                undefined.append(
                    Undefined(metric: "per_label_f1", label: label, reason: "neither occurs nor is predicted; counts 0")
                )
            }
            if let reason = ranking.undefined {
                for metric in ["per_label_auroc", "per_label_average_precision"] {
                    undefined.append(Undefined(metric: metric, label: label, reason: reason))
                }
            }
            if ranking.groups == nil {
                undefined.append(
                    Undefined(
                        metric: "per_label_expected_calibration_error", label: label,
                        reason: LabelRanking.notComputable))
            }
        }
        let (isActual, isPredicted) = (counts.contains { $0.actual > 0 }, counts.contains { $0.predicted > 0 })
        let micro = [
            ("micro_precision", isPredicted, "no label is predicted"), ("micro_recall", isActual, "no label occurs"),
            ("micro_f1", isActual || isPredicted, "no label occurs or is predicted"),
        ]
        for (metric, isDefined, reason) in micro where !isDefined {
            undefined.append(Undefined(metric: metric, label: nil, reason: "\(reason); counts 0"))
        }
        if rankings.allSatisfy({ $0.undefined != nil }) {
            for metric in ["macro_auroc", "macro_average_precision"] {
                undefined.append(Undefined(metric: metric, label: nil, reason: "no label has a value"))
            }
        }
        if !isComplete {
            undefined.append(
                Undefined(
                    metric: "expected_calibration_error", label: nil, reason: LabelRanking.notComputable))
        }
        return undefined
    }
}
