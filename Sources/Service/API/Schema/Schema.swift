import JSON
import Foundation

/// What a JSON value may be. Checks values and describes itself in JSON Schema, so that what is refused and what is
/// documented are the same.
///
/// ```swift
/// let schema = Schema.object([Field.string("name", length: 1...200, "What people call it").member])
/// var errors = FieldErrors()
/// schema.check(value, at: "", &errors)
/// let document = schema.description()
/// ```
struct Schema: Sendable {
    indirect enum Kind: Sendable {
        case any
        case boolean
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case string(Text)
        case array(of: Schema, count: ClosedRange<Int>, isUnique: Bool)
        case object([Member], others: Others)
        /// A value is checked against the first choice whose kind it has, and of objects the first whose required members
        /// it has.
        case choice([Schema])
        /// Described once, under a name.
        case component(String, Schema)
    }

    /// What a string may be.
    struct Text: Sendable {
        /// In Unicode scalars, as JSON Schema counts.
        var length = 0...Int.max
        var pattern: Pattern?
        var words: [String]?
        /// Says what it is, such as `date-time`; not checked.
        var format: String?
    }

    /// A regular expression that a whole string matches.
    struct Pattern: Sendable {
        let expression: NSRegularExpression
        /// Follows "must" in an error.
        let rule: String

        /// - Precondition: `expression` is valid, and begins with ^ and ends with $.
        init(_ expression: String, rule: String) {
            precondition(expression.hasPrefix("^") && expression.hasSuffix("$"), "a pattern is for the whole string")
            guard let compiled = try? NSRegularExpression(pattern: expression) else {
                preconditionFailure("\(expression) is no regular expression")
            }
            self.expression = compiled
            self.rule = rule
        }

        func matches(_ text: String) -> Bool {
            let whole = NSRange(location: 0, length: text.utf16.count)
            // $ also matches before a newline at the end.
            return expression.firstMatch(in: text, range: whole)?.range == whole
        }
    }

    /// What members of an object may be that are not declared.
    enum Others: Sendable {
        case none
        case any
        /// - Parameters:
        ///   - names: what their names may be; nil for any.
        ///   - count: how many there may be.
        case each(Schema, names: Pattern? = nil, count: ClosedRange<Int>)
    }

    /// A member of an object, or a parameter of a path or query.
    struct Member: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        init(_ name: String, _ schema: Schema, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    let kind: Kind
    var isNullable = false
    /// For people.
    var summary: String?
    /// What is taken when there is no value.
    var fallback: JSONValue?
    var example: JSONValue?
}

extension Schema {
    init(_ kind: Kind, _ summary: String? = nil) {
        self.kind = kind
        self.summary = summary
    }

    static let any = Schema(.any)
    static let boolean = Schema(.boolean)

    static func integer(_ range: ClosedRange<Int> = Int.min...Int.max, _ summary: String? = nil) -> Schema {
        Schema(.integer(range), summary)
    }

    static func number(
        _ range: ClosedRange<Double> = -Double.infinity...Double.infinity,
        _ summary: String? = nil
    ) -> Schema {
        Schema(.number(range), summary)
    }

    static func string(
        length: ClosedRange<Int> = 0...Int.max,
        pattern: Pattern? = nil,
        format: String? = nil,
        _ summary: String? = nil
    ) -> Schema {
        Schema(.string(Text(length: length, pattern: pattern, format: format)), summary)
    }

    static func words(_ words: [String], _ summary: String? = nil) -> Schema {
        Schema(.string(Text(words: words)), summary)
    }

    static func array(
        of element: Schema,
        count: ClosedRange<Int> = 0...Int.max,
        isUnique: Bool = false,
        _ summary: String? = nil
    ) -> Schema {
        Schema(.array(of: element, count: count, isUnique: isUnique), summary)
    }

    static func object(_ members: [Member], others: Others = .none, _ summary: String? = nil) -> Schema {
        Schema(.object(members, others: others), summary)
    }

    /// An object whose members all are alike, under names that are not known beforehand.
    static func dictionary(
        of value: Schema,
        names: Pattern? = nil,
        count: ClosedRange<Int> = 0...Int.max,
        _ summary: String? = nil
    ) -> Schema {
        Schema(.object([], others: .each(value, names: names, count: count)), summary)
    }

    static func choice(_ choices: [Schema], _ summary: String? = nil) -> Schema { Schema(.choice(choices), summary) }

    /// The schema under a name of its own.
    func named(_ name: String) -> Schema { Schema(.component(name, self)) }

    var orNull: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }
}

extension Schema.Pattern {
    /// Of names that people give.
    static let noControls = Schema.Pattern(
        "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", rule: "have no control characters")
}
