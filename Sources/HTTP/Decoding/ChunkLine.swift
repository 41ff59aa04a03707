/// A chunk-size line (RFC 9112 §7.1): the size in hexadecimal digits, then extensions, which are checked and dropped.
struct ChunkLine {
    let size: Int
    let extensionCount: Int

    /// Digits of the largest size; leading zeros count, as no one needs more of them.
    private static let maxDigits = 16

    init(_ line: ArraySlice<UInt8>) throws(RequestError) {
        var size = 0
        var rest = line
        while let digit = rest.first?.hexadecimalValue {
            guard size <= Int.max >> 4 else { throw .malformed("a chunk size overflows") }
            size = size << 4 | Int(digit)
            rest.removeFirst()
        }
        let digits = rest.startIndex - line.startIndex
        guard digits > 0 else { throw .malformed("a chunk has no valid size") }
        guard digits <= Self.maxDigits else { throw .malformed("a chunk size has too many digits") }
        self.size = size
        extensionCount = rest.count
        while !rest.isEmpty {
            guard Self.skipExtension(&rest) else { throw .malformed("a chunk-size line is malformed") }
        }
    }

    /// `BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ]`
    private static func skipExtension(_ rest: inout ArraySlice<UInt8>) -> Bool {
        skipBlanks(&rest)
        guard rest.popFirst() == UInt8(ascii: ";") else { return false }
        skipBlanks(&rest)
        guard skipToken(&rest) else { return false }
        var value = rest
        skipBlanks(&value)
        guard value.first == UInt8(ascii: "=") else { return true }
        rest = value.dropFirst()
        skipBlanks(&rest)
        return rest.first == UInt8(ascii: "\"") ? skipQuoted(&rest) : skipToken(&rest)
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop(while: \.isBlank)
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix(while: ByteSet.token.contains)
        rest.removeFirst(token.count)
        return !token.isEmpty
    }

    private static func skipQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard rest.popFirst()?.isFieldContent ?? false else { return false }
            default: guard byte.isFieldContent else { return false }
            }
        }
        return false
    }
}
