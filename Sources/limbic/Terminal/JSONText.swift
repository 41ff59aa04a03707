import JSON

/// A JSON value that is printed with its members in the order given.
indirect enum JSONText {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A number that is not finite is printed as null.
    case number(Double)
    case float(Float)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    static func optional(_ value: Double?) -> JSONText { value.map(JSONText.number) ?? .null }
    static func strings(_ values: [String]) -> JSONText { .array(values.map(JSONText.string)) }

    /// On one line.
    var text: String {
        var text = ""
        append(to: &text)
        return text
    }

    private func append(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .number(let number): text += number.isFinite ? number.description : "null"
        case .float(let number): text += number.isFinite ? number.description : "null"
        case .string(let string): JSONString.append(string, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.append(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                JSONString.append(member.0, to: &text)
                text += ":"
                member.1.append(to: &text)
            }
            text += "}"
        }
    }
}
