/// The frame of a chart: title, vertical axis with lines across, and legend. Charts draw into its area.
struct Plot {
    static let height = 380.0
    /// Told apart also by those who do not see all colors (Okabe and Ito 2008).
    static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
    static let ink = "#222222"

    let title: String
    /// Nil where what is along the axis needs no name.
    let xTitle: String?
    let yTitle: String
    let y: Ticks
    /// Of the panel, in the drawing.
    let left: Double
    let width: Double

    private static let (marginLeft, marginRight, marginTop, marginBottom) = (70.0, 20.0, 40.0, 100.0)

    /// The horizontal ends of the area.
    var area: (start: Double, end: Double) { (left + Self.marginLeft, left + width - Self.marginRight) }

    /// The vertical position of the horizontal axis.
    var bottom: Double { Self.height - Self.marginBottom }

    /// The vertical position of a number.
    func place(_ value: Double) -> Double {
        bottom - (value - y.first) / (y.last - y.first) * (bottom - Self.marginTop)
    }

    /// Draws what is around the area and behind it.
    func draw(in svg: inout SVG) {
        let (start, end) = area
        let center = (start + end) / 2
        svg.text(title, x: center, y: 24, size: 15)
        for value in y.values {
            svg.line([(start, place(value)), (end, place(value))], color: "#dddddd")
            svg.text(y.label(value), x: start - 8, y: place(value) + 4, anchor: .end)
        }
        svg.line([(start, Self.marginTop), (start, bottom), (end, bottom)], color: Self.ink)
        svg.text(yTitle, x: left + 20, y: (Self.marginTop + bottom) / 2, size: 13, upward: true)
        if let xTitle { svg.text(xTitle, x: center, y: bottom + 54, size: 13) }
    }

    /// Draws a line of names below the area, each behind its color.
    func legend(_ names: [String], in svg: inout SVG) {
        // Letters of this size are about 7 pixels wide.
        let widths = names.map { 40 + 7 * Double($0.count) }
        var x = (area.start + area.end - widths.reduce(0, +)) / 2
        for (index, name) in names.enumerated() {
            let color = Self.colors[index % Self.colors.count]
            svg.rectangle(x: x, y: bottom + 75, width: 18, height: 4, color: color)
            svg.text(name, x: x + 24, y: bottom + 81, anchor: .start)
            x += widths[index]
        }
    }

    /// Draws a mean's deviation to both sides of it.
    func whisker(_ statistic: Statistic, x: Double, color: String, in svg: inout SVG) {
        guard statistic.deviation != nil else { return }
        let (low, high) = (place(statistic.span.low), place(statistic.span.high))
        svg.line([(x, low), (x, high)], color: color)
        for y in [low, high] { svg.line([(x - 5, y), (x + 5, y)], color: color) }
    }
}

extension Statistic {
    /// What a whisker covers: a deviation to both sides, but nothing below 0, where shares and losses cannot lie.
    var span: (low: Double, high: Double) { (max(mean - (deviation ?? 0), 0), mean + (deviation ?? 0)) }
}
