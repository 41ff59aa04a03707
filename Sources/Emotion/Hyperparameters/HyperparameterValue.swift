package import JSON

/// The value of a hyperparameter in a request, on the command line or in `config.json`.
package enum HyperparameterValue: Sendable, Equatable {
    case number(Double)
    case boolean(Bool)
    case string(String)
    case list([String])

    /// A value as it is written on the command line: `true`, `false`, a number, or else a word.
    package init(argument: String) {
        if let flag = Bool(argument) {
            self = .boolean(flag)
        } else if let number = Double(argument) {
            self = .number(number)
        } else {
            self = .string(argument)
        }
    }
}

extension HyperparameterValue {
    /// nil for what no hyperparameter can be.
    package init?(_ value: JSONValue) {
        switch value {
        case .bool(let flag): self = .boolean(flag)
        case .integer(let number): self = .number(Double(number))
        case .unsigned(let number): self = .number(Double(number))
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var words: [String] = []
            for case .string(let word) in elements { words.append(word) }
            guard words.count == elements.count else { return nil }
            self = .list(words)
        case .null, .outOfRange, .object: return nil
        }
    }
}

extension HyperparameterValue: Codable {
    package init(from decoder: any Decoder) throws {
        if let value = Self(try JSONValue(from: decoder)) {
            self = value
        } else {
            // The error says where it is.
            self = .string(try decoder.singleValueContainer().decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number):
            // Whole numbers without a fraction, as people write them.
            if let whole = Int(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
        case .boolean(let flag): try container.encode(flag)
        case .string(let word): try container.encode(word)
        case .list(let words): try container.encode(words)
        }
    }
}

extension HyperparameterValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        case .boolean(let flag): String(flag)
        case .string(let word): "\"\(word)\""
        case .list(let words): words.description
        }
    }
}
