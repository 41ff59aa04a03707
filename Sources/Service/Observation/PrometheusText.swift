import HTTP

/// Writes metrics in the text format of Prometheus 0.0.4.
///
/// ```swift
/// var text = PrometheusText()
/// text.family("limbic_http_connections", .gauge, "Connections open now.")
/// text.sample("limbic_http_connections", 3)
/// ```
struct PrometheusText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Label = (name: String, value: String)

    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Begins a family of metrics, whose samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ value: some Numeric, _ labels: [Label] = []) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// - Parameter scale: of a unit of the bounds and of the sum, in the unit of the metric.
    mutating func histogram(
        _ name: String, _ histogram: Histogram, scale: (bounds: Double, sum: Double) = (1, 1), _ labels: [Label] = []
    ) {
        var count = 0
        for (bound, more) in zip(histogram.bounds.map { "\(Double($0) * scale.bounds)" } + ["+Inf"], histogram.counts) {
            count += more
            sample(name + "_bucket", count, labels + [("le", bound)])
        }
        sample(name + "_sum", Double(histogram.sum) * scale.sum, labels)
        sample(name + "_count", count, labels)
    }

    /// A histogram of durations, in seconds.
    mutating func durations(_ name: String, _ histogram: Histogram, _ labels: [Label] = []) {
        self.histogram(name, histogram, scale: (1e-6, 1e-9), labels)
    }

    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
