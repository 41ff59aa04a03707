import Foundation

/// A bar for each of several names.
struct BarChart {
    let title: String
    let yTitle: String
    /// A bar without a value is left out above its name.
    let bars: [(name: String, value: Statistic?)]
    let legend: String

    /// Draws the chart as a panel of a drawing.
    ///
    /// The vertical axis shows the range of the values and need not start at 0, where differences could not be seen;
    /// each bar therefore bears its number, and the legend says so.
    func draw(in svg: inout SVG, left: Double, width: Double) {
        let plot = Plot(
            title: title,
            xTitle: nil,
            yTitle: yTitle,
            y: Self.ticks(bars.compactMap(\.value)),
            left: left,
            width: width
        )
        plot.draw(in: &svg)
        let (start, end) = plot.area
        let step = (end - start) / Double(bars.count)
        for (index, bar) in bars.enumerated() {
            let center = start + step * (Double(index) + 0.5)
            if let value = bar.value {
                let top = plot.place(value.mean)
                svg.rectangle(
                    x: center - step * 0.3, y: top, width: step * 0.6, height: plot.bottom - top,
                    color: Plot.colors[0])
                plot.whisker(value, x: center, color: Plot.ink, in: &svg)
                svg.text(String(format: "%.1f", value.mean), x: center, y: plot.place(value.span.high) - 6)
            }
            for (row, line) in Self.wrapped(bar.name).enumerated() {
                svg.text(line, x: center, y: plot.bottom + 16 + 13 * Double(row), size: 11)
            }
        }
        let isCut = plot.y.first != 0
        plot.legend([legend + (isCut ? "; the axis starts at \(plot.y.label(plot.y.first))" : "")], in: &svg)
    }

    /// From below the lowest deviation, as a bar of no height could not be seen.
    private static func ticks(_ values: [Statistic]) -> Ticks {
        let (low, high) = (values.map(\.span.low).min() ?? 0, values.map(\.span.high).max() ?? 1)
        return Ticks(covering: [max(low - 0.2 * (high - low), 0), high + 0.1 * (high - low)])
    }

    /// A name in short lines, which begin with its plus signs.
    private static func wrapped(_ name: String) -> [String] {
        var lines: [String] = []
        for word in name.replacing(" + ", with: " +\u{a0}").split(separator: " ") {
            if let last = lines.last, last.count + word.count < lineLength, !word.hasPrefix("+") {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.map { $0.replacing("\u{a0}", with: " ") }
    }

    private static let lineLength = 16
}
