import Foundation

/// Reads a JSON document strictly (RFC 8259), and says where one is malformed.
///
/// Foundation's decoder on Linux tells neither the position of a fault nor the member whose number does not fit, and
/// takes commas at the end and members that come twice.
struct JSONReader {
    /// What is wrong with a document, and where.
    struct Fault: Error, Equatable {
        let reason: String
        /// From 1.
        let line: Int
        /// In bytes, from 1.
        let column: Int
    }

    private static let depthLimit = 32

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    static func read(_ bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value()
        reader.skipBlanks()
        guard reader.position == bytes.count else { throw reader.fault("nothing may follow the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ reason: String) -> Fault {
        let before = bytes[..<position]
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        return Fault(reason: reason, line: line, column: position - start + 1)
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Passes over `byte` after blanks, if it comes next.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(Fault) -> JSON {
        skipBlanks()
        guard let byte = next else { throw fault("a value is missing") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { reader throws(Fault) in try reader.object() }
        case UInt8(ascii: "["): return try nested { reader throws(Fault) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            for (word, value) in [("true", JSON.bool(true)), ("false", .bool(false)), ("null", .null)]
            where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return value
            }
            throw fault("a value cannot begin here")
        }
    }

    private mutating func nested(_ body: (inout JSONReader) throws(Fault) -> JSON) throws(Fault) -> JSON {
        guard depth < Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(Fault) -> JSON {
        var members: [String: JSON] = [:]
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("a member's name is missing") }
            let start = position
            let name = try string()
            guard members[name] == nil else {
                position = start
                throw fault("the member \"\(name)\" comes twice")
            }
            guard take(":") else { throw fault("a colon is missing") }
            members[name] = try value()
        } while take(",")
        guard take("}") else { throw fault("a comma or a closing brace is missing") }
        return .object(members)
    }

    private mutating func array() throws(Fault) -> JSON {
        var elements: [JSON] = []
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value())
        } while take(",")
        guard take("]") else { throw fault("a comma or a closing bracket is missing") }
        return .array(elements)
    }

    private mutating func digits() throws(Fault) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw fault("a digit is missing") }
    }

    private mutating func number() throws(Fault) -> JSON {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        var isWhole = true
        if next == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            position = start
            throw fault("the number does not fit 64 bits")
        }
        return .number(number)
    }

    private mutating func string() throws(Fault) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    position = start
                    throw fault("the string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20:
                throw fault("a control character in a string must be escaped")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("the string does not end")
    }

    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        position += 1
        if let byte = next, let scalar = Self.escapes[byte] {
            position += 1
            return scalar
        }
        guard next == UInt8(ascii: "u") else { throw fault("no such escape") }
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw fault("half of a surrogate pair") }
        position += 1
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw fault("half of a surrogate pair") }
        return scalar
    }

    /// Four hexadecimal digits after a `u`.
    private mutating func codeUnit() throws(Fault) -> UInt16 {
        position += 1
        let end = position + 4
        guard end <= bytes.count, bytes[position..<end].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
        else { throw fault("four hexadecimal digits are missing") }
        position = end
        return unit
    }
}
