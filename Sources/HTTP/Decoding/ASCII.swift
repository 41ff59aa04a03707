/// Byte classes of RFC 9110 and RFC 3986: sets of ASCII bytes, a bit for each. They are written as numbers, which the
/// compiler puts into the code that asks; the tests know them as characters.
struct ByteSet: Sendable {
    /// Of the bytes 0 to 63.
    let low: UInt64
    /// Of the bytes 64 to 127.
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) & (1 << UInt64(byte & 63)) != 0
    }
}

extension ByteSet {
    /// `tchar` of RFC 9110 §5.6.2: what methods and field names are made of.
    static var token: ByteSet { ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// What URIs are made of (RFC 3986 appendix A) but for `#`, as requests have no fragment. Brackets belong into hosts
    /// only, but no client escapes them in queries such as `names[]=a`.
    static var target: ByteSet { ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x47FF_FFFE_AFFF_FFFF) }

    /// `reg-name` or IPv4 address of RFC 3986 §3.2.2, with percent escapes.
    static var host: ByteSet { ByteSet(low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    /// What IPvFuture of RFC 3986 §3.2.2 holds after its version.
    static var futureHost: ByteSet { ByteSet(low: 0x2FFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }
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
