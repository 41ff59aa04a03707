import Emotion
extension StudySummary {
    /// The figure of the paper that the study repeats, and for other studies a bar for each cell, as an SVG document.
    package var figure: String {
        switch study.published {
        case .maskRatio: maskRatioFigure
        case .appModules: bars(title: "Modules perturbed by APP: \(data.name)")
        case .trainingCurves: trainingCurvesFigure
        case .table2, nil: bars(title: "Variants: \(data.name)")
        }
    }

    private static let panel = 640.0

    /// What a mean and its whisker are.
    private var legend: String {
        let runs = seeds.count > 1 ? "mean ± standard deviation over \(seeds.count) seeds" : "seed \(seeds[0])"
        return divergence == nil ? runs : "\(runs), without diverged runs"
    }

    /// A cell, with how many runs it stands for where some diverged.
    private func name(of row: Row) -> String {
        row.diverged.isEmpty ? row.cell.name : "\(row.cell.name) (\(row.results.count) of \(seeds.count) seeds)"
    }

    /// Figure 4 (a).
    private var maskRatioFigure: String {
        let ratio = { (row: Row) in Double(row.cell.hyperparameters.maskRatio) }
        let points = rows.compactMap { row in row.percentage.map { (x: ratio(row), y: $0) } }
        var svg = SVG()
        LineChart(
            title: "Share of units masked by ATM: \(data.name)",
            xTitle: "mask_ratio",
            yTitle: "micro F1 on the test split (%)",
            x: Ticks(exactly: rows.map(ratio), decimals: 1),
            series: [.init(name: legend, points: points)],
            hasWhiskers: true
        ).draw(in: &svg, left: 0, width: Self.panel)
        return svg.document(width: Self.panel, height: Plot.height)
    }

    /// A bar for each cell, like figure 4 (b).
    private func bars(title: String) -> String {
        let width = max(760, 110 * Double(rows.count))
        var svg = SVG()
        BarChart(
            title: title,
            yTitle: "micro F1 on the test split (%)",
            bars: rows.map { (name(of: $0), $0.percentage) },
            legend: legend
        ).draw(in: &svg, left: 0, width: width)
        return svg.document(width: width, height: Plot.height)
    }

    /// Figure 5, a panel for each measure.
    private var trainingCurvesFigure: String {
        let epochs = rows.map { $0.cell.hyperparameters.epochs }.max() ?? 1
        // Every epoch up to ten, then round numbers.
        let x =
            epochs <= 10
            ? Ticks(exactly: (1...epochs).map(Double.init), decimals: 0)
            : Ticks(covering: [0, Double(epochs)])
        let panels: [(title: String, yTitle: String, value: (StudyRun.Epoch) -> Double)] = [
            ("Training loss", "recognition loss", \.loss),
            ("Training split", "micro F1 (%)", { 100 * ($0.trainingMicroF1 ?? 0) }),
            ("Validation split", "micro F1 (%)", { 100 * $0.validationMicroF1 }),
        ]
        var svg = SVG()
        for (index, panel) in panels.enumerated() {
            LineChart(
                title: "\(panel.title): \(data.name), mean of \(seeds.count) seed\(seeds.count > 1 ? "s" : "")",
                xTitle: "epoch",
                yTitle: panel.yTitle,
                x: x,
                series: rows.map { .init(name: name(of: $0), points: $0.curve(panel.value)) },
                hasWhiskers: false
            ).draw(in: &svg, left: Double(index) * 480, width: 480)
        }
        return svg.document(width: 480 * Double(panels.count), height: Plot.height)
    }
}

extension StudySummary.Row {
    /// Micro F1 on the test split, of 100; nil when no run ended.
    fileprivate var percentage: Statistic? {
        results.isEmpty ? nil : Statistic(results.map { 100 * $0.test.microF1 })
    }

    /// A measure by epoch, counted from 1, over the runs that ended.
    fileprivate func curve(_ value: (StudyRun.Epoch) -> Double) -> [(x: Double, y: Statistic)] {
        (results.first?.epochs ?? []).indices.map { epoch in
            (Double(epoch + 1), Statistic(results.map { value($0.epochs[epoch]) }))
        }
    }
}
