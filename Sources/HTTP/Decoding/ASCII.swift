/// Byte classes of RFC 9110 and RFC 3986, as 128-bit sets.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    /// The set of the ASCII bytes for which `isMember` holds; bytes over 127 are never members.
    init(where isMember: (UInt8) -> Bool) {
        var words: (UInt64, UInt64) = (0, 0)
        for byte in UInt8(0)..<64 {
            if isMember(byte) { words.0 |= 1 << UInt64(byte) }
            if isMember(byte + 64) { words.1 |= 1 << UInt64(byte) }
        }
        (low, high) = words
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) & (1 << UInt64(byte & 63)) != 0
    }
}

extension ByteSet {
    /// `tchar` of RFC 9110 §5.6.2: what methods and field names are made of.
    static let token = ByteSet { $0.isASCIIAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }

    /// What URIs are made of (RFC 3986 appendix A) but for `#`, as requests have no fragment. Brackets belong into hosts
    /// only, but no client escapes them in queries such as `names[]=a`.
    static let target = ByteSet { $0.isASCIIAlphanumeric || "-._~!$&'()*+,;=:@/?%[]".utf8.contains($0) }

    /// `reg-name` or IPv4 address of RFC 3986 §3.2.2, with percent escapes.
    static let host = ByteSet { $0.isASCIIAlphanumeric || "-._~!$&'()*+,;=%".utf8.contains($0) }

    /// What IPvFuture of RFC 3986 §3.2.2 holds after its version.
    static let futureHost = ByteSet { $0.isASCIIAlphanumeric || "-._~!$&'()*+,;=:".utf8.contains($0) }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20

    @inline(__always)
    var isASCIIDigit: Bool { self &- 0x30 < 10 }

    @inline(__always)
    var isASCIIAlphanumeric: Bool { isASCIIDigit || (self | 0x20) &- 0x61 < 26 }

    /// Blank in the sense of RFC 9110 §5.6.3.
    @inline(__always)
    var isBlank: Bool { self == .space || self == .tab }

    /// `VCHAR`, `obs-text`, blank: what a field value may hold (RFC 9110 §5.5).
    @inline(__always)
    var isFieldContent: Bool { (self >= 0x20 && self != 0x7F) || self == .tab }

    @inline(__always)
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// 0…15, or nil if this is no hexadecimal digit.
    @inline(__always)
    var hexadecimalValue: UInt8? {
        if isASCIIDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}

/// True if `bytes` spell `lowercased` but for the case of ASCII letters.
@inline(__always)
func equalsIgnoringCase(_ bytes: some RandomAccessCollection<UInt8>, _ lowercased: StaticString) -> Bool {
    guard bytes.count == lowercased.utf8CodeUnitCount else { return false }
    var expected = lowercased.utf8Start
    for byte in bytes {
        if byte.asciiLowercased != expected.pointee { return false }
        expected += 1
    }
    return true
}
