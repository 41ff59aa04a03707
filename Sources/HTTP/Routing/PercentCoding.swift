/// Percent escapes of RFC 3986 §2.1.
enum PercentCoding {
    /// Decodes `%XX`; an escape that is none stays as it is. With `plusIsSpace`, `+` becomes a blank, as in queries
    /// written by HTML forms.
    static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let (value, after) = escape(rest) {
                decoded.append(value)
                rest = after
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                decoded.append(.space)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// Whether every `%` starts an escape and, but with `nul`, none of them stands for NUL (RFC 3986 §7.3).
    static func isWellFormed(_ bytes: some Collection<UInt8>, nul: Bool = false) -> Bool {
        var rest = bytes[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            guard let (value, after) = escape(rest[percent...].dropFirst()), nul || value != 0 else { return false }
            rest = after
        }
        return true
    }

    private static func escape<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> (UInt8, Bytes.SubSequence)? {
        guard let high = bytes.first?.hexadecimalValue, let low = bytes.dropFirst().first?.hexadecimalValue else {
            return nil
        }
        return (high << 4 | low, bytes.dropFirst(2))
    }
}
