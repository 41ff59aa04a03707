import JSON

/// A member of an object or a parameter of a query: declared once with its name, what it may be, its default and what it
/// is for, and read by that declaration.
struct Field<Value: Sendable>: Sendable {
    let member: Schema.Member
    /// The value in a document that the schema has passed; null when the member is not there.
    let read: @Sendable (JSONValue) -> Value

    var name: String { member.name }
}

/// The members of an object, or the parameters of a query, that have passed their schema.
struct Values: Sendable {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) { self.members = members }

    /// - Precondition: `value` is an object or null.
    init(_ value: JSONValue) {
        switch value {
        case .object(let members): self.members = members
        case .null: members = [:]
        default: preconditionFailure("a schema has let pass what is no object")
        }
    }

    /// The same, but for those that are among `others`.
    func replaced(by others: [String: JSONValue]) -> Values {
        others.isEmpty ? self : Values(members.merging(others) { $1 })
    }

    subscript<Value>(field: Field<Value>) -> Value { field.read(members[field.name] ?? .null) }
}

extension Field {
    /// A member whose absence, or null, stands for a value of its own.
    private static func optional(_ name: String, _ schema: Schema, _ read: @escaping @Sendable (JSONValue) -> Value)
        -> Field
    {
        Field(member: Schema.Member(name, schema.orNull, isRequired: false), read: read)
    }

    private static func required(_ name: String, _ schema: Schema, _ read: @escaping @Sendable (JSONValue) -> Value)
        -> Field
    {
        Field(member: Schema.Member(name, schema), read: read)
    }
}

extension Field where Value == String {
    /// A string that has to be there.
    static func string(
        _ name: String,
        length: ClosedRange<Int> = 0...Int.max,
        pattern: Schema.Pattern? = nil,
        example: String? = nil,
        _ summary: String
    ) -> Field {
        var schema = Schema.string(length: length, pattern: pattern, summary)
        schema.example = example.map { .string($0) }
        return required(name, schema) { $0.text ?? "" }
    }
}

extension Field where Value == String {
    /// One of some words.
    static func word(_ name: String, of words: [String], default fallback: String, _ summary: String) -> Field {
        var schema = Schema.words(words, summary)
        schema.fallback = .string(fallback)
        return optional(name, schema) { $0.text ?? fallback }
    }
}

extension Field where Value == String? {
    static func optionalString(
        _ name: String,
        length: ClosedRange<Int> = 0...Int.max,
        pattern: Schema.Pattern? = nil,
        _ summary: String
    ) -> Field {
        optional(name, .string(length: length, pattern: pattern, summary)) { $0.text }
    }
}

extension Field where Value == Int {
    static func integer(_ name: String, _ range: ClosedRange<Int>, default fallback: Int, _ summary: String) -> Field {
        var schema = Schema.integer(range, summary)
        schema.fallback = .integer(fallback)
        return optional(name, schema) { $0.exactInteger ?? fallback }
    }
}

extension Field where Value == Int? {
    static func optionalInteger(_ name: String, _ range: ClosedRange<Int>, _ summary: String) -> Field {
        optional(name, .integer(range, summary)) { $0.exactInteger }
    }
}

extension Field where Value == Int {
    /// An integer that has to be there.
    static func requiredInteger(_ name: String, _ range: ClosedRange<Int>, _ summary: String) -> Field {
        required(name, .integer(range, summary)) { $0.exactInteger ?? range.lowerBound }
    }
}

extension Field where Value == [Int] {
    /// Integers that have to be there.
    static func integers(
        _ name: String, _ range: ClosedRange<Int>, count: ClosedRange<Int>, _ summary: String
    ) -> Field {
        required(name, .array(of: .integer(range), count: count, summary)) { $0.elements.compactMap(\.exactInteger) }
    }
}

extension Field where Value == Bool {
    static func flag(_ name: String, default fallback: Bool, _ summary: String) -> Field {
        var schema = Schema(.boolean, summary)
        schema.fallback = .bool(fallback)
        return optional(name, schema) { $0 == .null ? fallback : $0 == .bool(true) }
    }
}

extension Field where Value == Bool? {
    static func optionalFlag(_ name: String, _ summary: String) -> Field {
        optional(name, Schema(.boolean, summary)) { $0 == .null ? nil : $0 == .bool(true) }
    }
}

extension Field where Value == [String]? {
    /// Distinct names.
    static func names(_ name: String, count: ClosedRange<Int>, _ element: Schema, _ summary: String) -> Field {
        optional(name, .array(of: element, count: count, isUnique: true, summary)) { value in
            guard case .array(let elements) = value else { return nil }
            return elements.compactMap(\.text)
        }
    }
}

extension Field where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static func word(_ name: String, default fallback: Value, _ summary: String) -> Field {
        var schema = Schema.words(Value.allCases.map(\.rawValue), summary)
        schema.fallback = .string(fallback.rawValue)
        return optional(name, schema) { $0.text.flatMap(Value.init) ?? fallback }
    }
}

extension Field {
    /// One of the words of an enumeration, or none.
    static func optionalWord<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ summary: String)
        -> Field
    where Value == Choice? {
        optional(name, .words(Choice.allCases.map(\.rawValue), summary)) { $0.text.flatMap(Choice.init) }
    }

    /// A member of any kind, as it is; nil when it is not there, or null.
    static func optionalValue(_ name: String, _ schema: Schema) -> Field where Value == JSONValue? {
        optional(name, schema) { $0 == .null ? nil : $0 }
    }
}
