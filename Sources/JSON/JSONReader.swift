package import Foundation

/// Reads whole JSON documents into values, strictly (RFC 8259) and within bounds.
///
/// ```swift
/// let value = try JSONReader.value(body)
/// let configuration = try JSONReader.decode(Configuration.self, from: data)
/// ```
package enum JSONReader {
    /// How much of a document is accepted.
    package struct Limits: Sendable {
        /// Bytes of a document.
        package var bytes = 64 << 20
        /// Levels of arrays and objects.
        package var depth = 32

        package init() {}
    }

    /// The document as a value. An object with two members of one name is refused.
    package static func value(
        _ bytes: some ContiguousBytes,
        limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        let outcome = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try value(bytes, limits) }
        }
        return try outcome.get()
    }

    /// The document as a type of ours.
    ///
    /// - Throws: ``JSONError``, of kind `mismatch` and with a pointer when the document is not of this type, and errors of
    ///   the type's own.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: some ContiguousBytes,
        limits: Limits = Limits()
    ) throws -> Value {
        try JSONValueDecoder.decode(type, from: value(bytes, limits: limits))
    }

    private static func value(_ bytes: UnsafeRawBufferPointer, _ limits: Limits) throws(JSONError) -> JSONValue {
        let parser = JSONParser(capacity: limits.bytes, depth: limits.depth)
        let outcome = try parser.parse(bytes) { root in
            Result { () throws(JSONError) in try JSONValue(root) }
        }
        do throws(JSONError) {
            return try outcome.get()
        } catch {
            guard let fault = JSONLocator.duplicateMember(in: bytes) else { throw error }
            let position = JSONError.Position(fault.offset, in: bytes)
            throw JSONError(error.kind, error.reason, position: position, pointer: error.pointer)
        }
    }
}

extension JSONValue {
    /// Copies a value out of its document.
    ///
    /// - Throws: ``JSONError`` of kind `duplicateMember`, without a position and with a pointer from this value on.
    fileprivate init(_ element: JSONElement) throws(JSONError) {
        switch element.kind {
        case .null: self = .null
        case .bool: self = .bool(element.bool)
        case .number:
            if let number = element.integer {
                self = .integer(number)
            } else if let number = element.unsigned {
                self = .unsigned(number)
            } else {
                self = element.number.isFinite ? .number(element.number) : .outOfRange
            }
        case .string: self = .string(element.string)
        case .array:
            var elements: [JSONValue] = []
            elements.reserveCapacity(element.elementCount)
            try element.forEachElement { inner throws(JSONError) in
                // Pointers are put together on the way out of a fault: one for each value would cost more than the values.
                do throws(JSONError) { elements.append(try JSONValue(inner)) } catch {
                    throw error.within("/\(elements.count)")
                }
            }
            self = .array(elements)
        case .object:
            var members: [String: JSONValue] = [:]
            try element.forEachMember { name, inner throws(JSONError) in
                let place = { JSONPointer.member(name) }
                guard members[name] == nil else {
                    throw JSONError(.duplicateMember, "the member \"\(name)\" comes twice", pointer: place())
                }
                do throws(JSONError) { members[name] = try JSONValue(inner) } catch { throw error.within(place()) }
            }
            self = .object(members)
        }
    }
}

extension JSONError {
    /// The error of an inner value as that of the value around it.
    fileprivate func within(_ token: String) -> JSONError {
        JSONError(kind, reason, position: position, pointer: token + pointer)
    }
}
