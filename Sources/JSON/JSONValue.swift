/// A JSON value (RFC 8259), for the small documents of requests and for those that are passed on as they are.
///
/// ```swift
/// let value = try JSONReader.value(bytes)
/// guard case .object(let members) = value, case .integer(let seed)? = members["seed"] else { … }
/// ```
///
/// Clips never take this form: their numbers go straight from a ``JSONElement`` into float buffers.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits a signed integer of 64 bits.
    case integer(Int)
    /// A number without fraction and exponent above those, up to 2⁶⁴ − 1.
    case unsigned(UInt64)
    /// Any other number; always finite.
    case number(Double)
    /// A number that no double can hold, such as 1e400: well-formed, and of use to nobody.
    case outOfRange
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What it is, in the words of an error.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool(let flag): String(flag)
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .number(let number): String(number)
        case .outOfRange: "a number that does not fit 64 bits"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .integer(let number): try container.encode(number)
        case .unsigned(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        // Refused by the encoder, as every number that is not finite.
        case .outOfRange: try container.encode(Double.infinity)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}
