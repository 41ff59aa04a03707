package import HTTPTypes

/// The header fields of a request, kept as the bytes that came in; values become strings only when asked for.
package struct RequestFields: Sendable {
    /// Where a field's name and value lie in `bytes`.
    struct Slot: Sendable {
        var nameStart: UInt32
        var nameCount: UInt32
        var valueStart: UInt32
        var valueCount: UInt32

        var name: Range<Int> { Int(nameStart)..<Int(nameStart + nameCount) }
        var value: Range<Int> { Int(valueStart)..<Int(valueStart + valueCount) }
    }

    /// Request line and field lines.
    var bytes: [UInt8] = []
    var slots: [Slot] = []

    package var count: Int { slots.count }

    /// The value of the field, several lines of it joined by a comma (RFC 9110 §5.3), or nil. Linear in the number of
    /// fields.
    package subscript(name: HTTPField.Name) -> String? {
        var joined: String?
        for slot in slots where matches(slot, name) {
            let value = string(slot.value)
            if let before = joined {
                joined = before + (name == .cookie ? "; " : ", ") + value
            } else {
                joined = value
            }
        }
        return joined
    }

    /// The values of all lines of the field, in the order they came.
    package subscript(values name: HTTPField.Name) -> [String] {
        slots.filter { matches($0, name) }.map { string($0.value) }
    }

    package func contains(_ name: HTTPField.Name) -> Bool {
        slots.contains { matches($0, name) }
    }

    /// All fields, in the order they came.
    package var all: HTTPFields {
        var fields = HTTPFields()
        for slot in slots {
            guard let name = HTTPField.Name(string(slot.name)) else { continue }
            fields.append(HTTPField(name: name, value: bytes[slot.value]))
        }
        return fields
    }

    /// Type and subtype of the body in lower case, without parameters (RFC 9110 §8.3.1); nil when it is not said.
    package var mediaType: String? {
        self[.contentType].map { $0.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased() }
    }

    /// Where the value of the first line of the field lies in `bytes`.
    func valueRange(of name: HTTPField.Name) -> Range<Int>? {
        slots.first { matches($0, name) }?.value
    }

    func string(_ range: Range<Int>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self) }
    }

    private func matches(_ slot: Slot, _ name: HTTPField.Name) -> Bool {
        let canonical = name.canonicalName.utf8
        guard canonical.count == Int(slot.nameCount) else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            var index = Int(slot.nameStart)
            for byte in canonical {
                if bytes[index].asciiLowercased != byte { return false }
                index += 1
            }
            return true
        }
    }
}
