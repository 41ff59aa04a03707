import Emotion

/// Metrics of one or several splits or thresholds side by side, as a table for people, and below it what they were counted
/// on.
struct MetricsTable {
    let labels: [String]
    /// By name of the split or the threshold.
    let columns: [(name: String, metrics: Metrics)]

    /// Metrics at a model's own threshold, where it is not 0.5, at 0.5 and at tuned thresholds.
    static func columns(
        _ prefix: String, own: Metrics, _ comparison: ThresholdComparison?
    ) -> [(name: String, metrics: Metrics)] {
        func name(_ metrics: Metrics) -> String {
            [prefix, metrics.counting?.thresholds.name ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        }
        let compared = comparison.map { [$0.half] + ($0.tuned.map { [$0] } ?? []) } ?? []
        let isCompared = compared.contains { $0.counting?.thresholds == own.counting?.thresholds }
        return ((isCompared ? [] : [own]) + compared).map { (name($0), $0) }
    }

    var text: String {
        var table = TextTable()
        table.add([""] + columns.map(\.name))
        add("micro F1", \.microF1, to: &table)
        add("micro precision", \.microPrecision, to: &table)
        add("micro recall", \.microRecall, to: &table)
        add("macro F1\(run(\.macroF1Labels))", \.macroF1, to: &table)
        add("accuracy, an empty union counts 0", \.accuracy, to: &table)
        add("accuracy, an empty union counts 1", \.accuracyEmptyUnionOne, to: &table)
        add("Hamming loss", \.hammingLoss, to: &table)
        add("macro AUROC\(run(\.macroAUROCLabels))", \.macroAUROC, to: &table)
        add("macro average precision\(run(\.macroAveragePrecisionLabels))", \.macroAveragePrecision, to: &table)
        add("expected calibration error", \.expectedCalibrationError, to: &table)
        for (index, label) in labels.enumerated() {
            table.add(["F1 of \(label)"] + columns.map { Self.format($0.metrics.perLabelF1[index]) })
        }
        for (index, label) in labels.enumerated() {
            table.add(["AUROC of \(label)"] + columns.map { Self.format($0.metrics.perLabelAUROC[index]) })
        }
        for (index, label) in labels.enumerated() {
            table.add(["prevalence of \(label)"] + columns.map { Self.format($0.metrics.counting?.prevalence[index]) })
        }
        return table.text + notes
    }

    private func add(_ name: String, _ path: KeyPath<Metrics, Double>, to table: inout TextTable) {
        table.add([name] + columns.map { Self.format($0.metrics[keyPath: path]) })
    }

    private func add(_ name: String, _ path: KeyPath<Metrics, Double?>, to table: inout TextTable) {
        table.add([name] + columns.map { Self.format($0.metrics[keyPath: path]) })
    }

    private static func format(_ value: Double?) -> String { value.map { Readable.decimal($0, 4) } ?? "-" }

    /// How many labels a mean runs over: ` (4 of 6 labels)`, per column where they differ.
    private func run(_ path: KeyPath<Metrics.Counting, Int>) -> String {
        var counts = columns.compactMap { $0.metrics.counting?[keyPath: path] }
        guard let first = counts.first else { return "" }
        if counts.allSatisfy({ $0 == first }) { counts = [first] }
        return " (\(counts.map(String.init).joined(separator: ", ")) of \(labels.count) labels)"
    }

    /// What the figures of each column need to be read rightly, a line each.
    private var notes: String {
        columns.flatMap { column -> [String] in
            guard let counting = column.metrics.counting else { return [] }
            var notes: [String] = []
            if counting.notComputableClips > 0 {
                notes.append(
                    "\(counting.notComputableClips) of \(counting.clips) clips not computable: nothing counts as predicted"
                )
            }
            if counting.emptyUnions > 0 {
                notes.append("\(counting.emptyUnions) of \(counting.clips) clips with an empty union")
            }
            if !counting.labelsNeverPredicted.isEmpty {
                notes.append("never predicted: \(counting.labelsNeverPredicted.joined(separator: ", "))")
            }
            return (notes + Self.undefined(counting.undefined)).map { "\(column.name): \($0)\n" }
        }.joined()
    }

    /// The labels of one metric and one reason together.
    private static func undefined(_ figures: [Metrics.Counting.Undefined]) -> [String] {
        var lines: [(metric: String, reason: String, labels: [String])] = []
        for figure in figures {
            let place = lines.firstIndex { $0.metric == figure.metric && $0.reason == figure.reason }
            if let place {
                lines[place].labels += [figure.label].compactMap(\.self)
            } else {
                lines.append((figure.metric, figure.reason, [figure.label].compactMap(\.self)))
            }
        }
        return lines.map { line in
            let labels = line.labels.isEmpty ? "" : " of \(line.labels.joined(separator: ", "))"
            return "undefined: \(line.metric)\(labels): \(line.reason)"
        }
    }
}

extension Thresholds {
    /// In the heading of a column.
    var name: String {
        switch rule {
        case .tuned: "tuned"
        case .fixed: "at \(values.first.map(String.init(describing:)) ?? "-")"
        }
    }
}
