/// A literal of Python, as far as headers of arrays hold them.
enum PythonLiteral: Equatable {
    case none
    case bool(Bool)
    /// nil for one beyond 64 bits.
    case integer(Int?)
    case string(String)
    /// A tuple or a list.
    case sequence([PythonLiteral])
    case dictionary([String: PythonLiteral])

    /// Reads a literal and nothing but it; nil for anything else, or an unfinished text.
    init?(_ bytes: ArraySlice<UInt8>) {
        var reader = Reader(rest: bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd() else { return nil }
        self = value
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        private static let depthLimit = 16

        mutating func isAtEnd() -> Bool {
            skipSpace()
            return rest.isEmpty
        }

        mutating func value(depth: Int) -> PythonLiteral? {
            guard depth < Self.depthLimit else { return nil }
            if take("True") { return .bool(true) }
            if take("False") { return .bool(false) }
            if take("None") { return PythonLiteral.none }
            if take("{") { return dictionary(depth: depth) }
            if take("(") { return sequence(until: ")", depth: depth) }
            if take("[") { return sequence(until: "]", depth: depth) }
            return string().map(PythonLiteral.string) ?? integer()
        }

        private mutating func dictionary(depth: Int) -> PythonLiteral? {
            var members: [String: PythonLiteral] = [:]
            while !take("}") {
                guard let key = string(), members[key] == nil, take(":"), let value = value(depth: depth + 1) else {
                    return nil
                }
                members[key] = value
                if take(",") { continue }
                guard take("}") else { return nil }
                break
            }
            return .dictionary(members)
        }

        private mutating func sequence(until end: String, depth: Int) -> PythonLiteral? {
            var elements: [PythonLiteral] = []
            while !take(end) {
                guard let element = value(depth: depth + 1) else { return nil }
                elements.append(element)
                if take(",") { continue }
                guard take(end) else { return nil }
                break
            }
            return .sequence(elements)
        }

        /// Python 2 wrote a long integer with an L behind it.
        private mutating func integer() -> PythonLiteral? {
            skipSpace()
            let sign = rest.prefix { $0 == UInt8(ascii: "-") }.prefix(1)
            let digits = rest.dropFirst(sign.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(sign.count + digits.count)
            _ = take("L")
            return .integer(Int(String(decoding: sign + digits, as: UTF8.self)))
        }

        /// What a backslash stands for is left out: no name that counts has one.
        private mutating func string() -> String? {
            skipSpace()
            guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
            var position = rest.startIndex + 1
            while position < rest.endIndex, rest[position] != quote {
                position += rest[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard position < rest.endIndex else { return nil }
            defer { rest = rest[(position + 1)...] }
            return String(decoding: rest[(rest.startIndex + 1)..<position], as: UTF8.self)
        }

        private mutating func take(_ word: String) -> Bool {
            skipSpace()
            guard rest.starts(with: word.utf8) else { return false }
            rest = rest.dropFirst(word.utf8.count)
            return true
        }

        private mutating func skipSpace() {
            rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        }
    }
}
