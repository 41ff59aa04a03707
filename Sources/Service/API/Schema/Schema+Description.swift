import JSON
import Foundation

extension Schema {
    /// In JSON Schema 2020-12, as OpenAPI 3.1 has it. Components are referred to, and noted by name in `components`.
    func description(_ components: inout [String: JSONValue]) -> JSONValue {
        var description = kindDescription(&components)
        if isNullable { description = Self.nullable(description) }
        if let summary { description["description"] = .string(summary) }
        if let fallback { description["default"] = fallback }
        if let example { description["examples"] = .array([example]) }
        return .object(description)
    }

    private func kindDescription(_ components: inout [String: JSONValue]) -> [String: JSONValue] {
        switch kind {
        case .any: return [:]
        case .boolean: return ["type": "boolean"]
        case .integer(let range):
            return [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ]
        case .number(let range):
            var description: [String: JSONValue] = ["type": "number"]
            if range.lowerBound.isFinite { description["minimum"] = .number(range.lowerBound) }
            if range.upperBound.isFinite { description["maximum"] = .number(range.upperBound) }
            return description
        case .string(let rules): return rules.description
        case .array(let element, let count, let isUnique):
            var description: [String: JSONValue] = ["type": "array", "items": element.description(&components)]
            description.merge(Self.bounds(count, "Items")) { $1 }
            if isUnique { description["uniqueItems"] = true }
            return description
        case .object(let members, let others): return Self.description(members, others, &components)
        case .choice(let choices): return ["anyOf": .array(choices.map { $0.description(&components) })]
        case .component(let name, let schema):
            if components[name] == nil {
                // Holds the place, for a schema that refers to itself.
                components[name] = .null
                components[name] = schema.description(&components)
            }
            return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }

    private static func description(
        _ members: [Member],
        _ others: Others,
        _ components: inout [String: JSONValue]
    ) -> [String: JSONValue] {
        var description: [String: JSONValue] = ["type": "object"]
        if !members.isEmpty {
            var properties: [String: JSONValue] = [:]
            for member in members { properties[member.name] = member.schema.description(&components) }
            description["properties"] = .object(properties)
        }
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { description["required"] = .array(required) }
        switch others {
        case .any: break
        case .none: description["additionalProperties"] = false
        case .each(let schema, let names, let count):
            description["additionalProperties"] = schema.description(&components)
            if let names { description["propertyNames"] = ["pattern": .string(names.expression.pattern)] }
            // Declared members count as well there, and an object has either those or others.
            description.merge(bounds(count, "Properties")) { $1 }
        }
        return description
    }

    fileprivate static func bounds(_ count: ClosedRange<Int>, _ noun: String) -> [String: JSONValue] {
        var description: [String: JSONValue] = [:]
        if count.lowerBound > 0 { description["min\(noun)"] = .integer(count.lowerBound) }
        if count.upperBound < .max { description["max\(noun)"] = .integer(count.upperBound) }
        return description
    }

    private static func nullable(_ description: [String: JSONValue]) -> [String: JSONValue] {
        if case .string(let type)? = description["type"], description["enum"] == nil {
            return description.merging(["type": [.string(type), "null"]]) { $1 }
        }
        return description.isEmpty ? [:] : ["anyOf": [.object(description), ["type": "null"]]]
    }
}

extension Schema.Text {
    fileprivate var description: [String: JSONValue] {
        var description: [String: JSONValue] = ["type": "string"]
        description.merge(Schema.bounds(length, "Length")) { $1 }
        if let pattern { description["pattern"] = .string(pattern.expression.pattern) }
        if let words { description["enum"] = .array(words.map { .string($0) }) }
        if let format { description["format"] = .string(format) }
        return description
    }
}
