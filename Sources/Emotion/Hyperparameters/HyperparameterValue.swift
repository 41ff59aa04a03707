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

extension HyperparameterValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let words = try? container.decode([String].self) {
            self = .list(words)
        } else {
            self = .string(try container.decode(String.self))
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
