import Foundation

/// Collects the elements of a drawing in the format SVG 1.1; lengths are pixels, y grows downward.
struct SVG {
    /// Where a text lies from its position.
    enum Anchor: String { case start, middle, end }

    private var elements: [String] = []

    /// A polyline, or with two points a line.
    mutating func line(_ points: [(x: Double, y: Double)], color: String, width: Double = 1) {
        let list = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        elements.append(
            "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(Self.number(width))\"/>")
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, color: String) {
        let size = "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\""
        elements.append("<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" \(size) fill=\"\(color)\"/>")
    }

    mutating func dot(x: Double, y: Double, color: String) {
        elements.append("<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"3.5\" fill=\"\(color)\"/>")
    }

    /// - Parameters:
    ///   - y: of the line that letters stand on.
    ///   - upward: whether it is read from below to above.
    mutating func text(
        _ text: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .middle, upward: Bool = false
    ) {
        let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
        let turn = upward ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
        let style = "font-size=\"\(Self.number(size))\" text-anchor=\"\(anchor.rawValue)\""
        elements.append("<text \(place) \(style)\(turn)>\(Self.escaped(text))</text>")
    }

    /// The whole file, on white.
    func document(width: Double, height: Double) -> String {
        let size = "\(Self.number(width)) \(Self.number(height))"
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Self.number(width))" \
            height="\(Self.number(height))" font-family="sans-serif" fill="#222222">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(elements.joined(separator: "\n"))
            </svg>

            """
    }

    private static func number(_ value: Double) -> String { String(format: "%.5g", value) }

    /// Control characters, which no XML may hold, become spaces.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
