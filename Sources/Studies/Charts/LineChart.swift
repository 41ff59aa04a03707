/// Lines over a horizontal axis of numbers.
struct LineChart {
    struct Series {
        let name: String
        let points: [(x: Double, y: Statistic)]
    }

    let title: String
    let xTitle: String
    let yTitle: String
    let x: Ticks
    let series: [Series]
    /// Whether the deviation of each point is drawn; many lines would cover each other.
    let hasWhiskers: Bool

    /// Draws the chart as a panel of a drawing.
    func draw(in svg: inout SVG, left: Double, width: Double) {
        let points = series.flatMap { $0.points.map(\.y) }
        let plot = Plot(
            title: title,
            xTitle: xTitle,
            yTitle: yTitle,
            y: Ticks(covering: hasWhiskers ? points.flatMap { [$0.span.low, $0.span.high] } : points.map(\.mean)),
            left: left,
            width: width
        )
        plot.draw(in: &svg)
        let (start, end) = plot.area
        // Half a step is free on both sides, so that no point lies on the vertical axis.
        let step = (end - start) / Double(x.values.count)
        let scale = (x.last - x.first) / Double(max(x.values.count - 1, 1))
        let place = { (value: Double) in start + step * (0.5 + (scale > 0 ? (value - x.first) / scale : 0)) }
        for value in x.values {
            svg.line([(place(value), plot.bottom), (place(value), plot.bottom + 5)], color: Plot.ink)
            svg.text(x.label(value), x: place(value), y: plot.bottom + 20)
        }
        for (index, line) in series.enumerated() {
            let color = Plot.colors[index % Plot.colors.count]
            svg.line(line.points.map { (place($0.x), plot.place($0.y.mean)) }, color: color, width: 2)
            for point in line.points {
                svg.dot(x: place(point.x), y: plot.place(point.y.mean), color: color)
                if hasWhiskers { plot.whisker(point.y, x: place(point.x), color: color, in: &svg) }
            }
        }
        plot.legend(series.map(\.name), in: &svg)
    }
}
