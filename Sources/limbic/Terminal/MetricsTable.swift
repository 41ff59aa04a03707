import Emotion

/// Metrics of one or several splits side by side, as a table for people.
struct MetricsTable {
    let labels: [String]
    /// By name of the split.
    let columns: [(name: String, metrics: Metrics)]

    var text: String {
        var table = TextTable()
        table.add([""] + columns.map(\.name))
        add("micro F1", \.microF1, to: &table)
        add("micro precision", \.microPrecision, to: &table)
        add("micro recall", \.microRecall, to: &table)
        add("macro F1", \.macroF1, to: &table)
        add("accuracy", \.accuracy, to: &table)
        add("Hamming loss", \.hammingLoss, to: &table)
        add("macro AUROC", \.macroAUROC, to: &table)
        add("macro average precision", \.macroAveragePrecision, to: &table)
        add("expected calibration error", \.expectedCalibrationError, to: &table)
        for (index, label) in labels.enumerated() {
            table.add(["F1 of \(label)"] + columns.map { Self.format($0.metrics.perLabelF1[index]) })
        }
        return table.text
    }

    private func add(_ name: String, _ path: KeyPath<Metrics, Double>, to table: inout TextTable) {
        table.add([name] + columns.map { Self.format($0.metrics[keyPath: path]) })
    }

    private func add(_ name: String, _ path: KeyPath<Metrics, Double?>, to table: inout TextTable) {
        table.add([name] + columns.map { Self.format($0.metrics[keyPath: path]) })
    }

    private static func format(_ value: Double?) -> String { value.map { Readable.decimal($0, 4) } ?? "-" }
}
