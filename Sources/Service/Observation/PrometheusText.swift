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
