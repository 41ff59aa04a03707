import Glibc

/// Host and port of a request (RFC 3986 §3.2) without user information, which HTTP forbids (RFC 9110 §4.2.4).
enum Authority {
    /// Throws unless `bytes` are a host that is not empty (RFC 9110 §4.2.1) and perhaps a port; `owner` is what to name
    /// in the error.
    static func check(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, of owner: String) throws(RequestError) {
        var rest = bytes
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { throw .malformed("\(owner) lacks a bracket") }
            guard isLiteral(rest[..<end].dropFirst()) else { throw .malformed("\(owner) is no valid IPv6 address") }
            rest = rest[(end + 1)...]
        } else {
            let name = rest.prefix(while: ByteSet.host.contains)
            guard !name.isEmpty else { throw .malformed("\(owner) is empty or starts with an invalid character") }
            guard PercentCoding.isWellFormed(name) else { throw .malformed("\(owner) has an invalid percent escape") }
            rest = rest[name.endIndex...]
        }
        guard let colon = rest.popFirst() else { return }
        guard colon == UInt8(ascii: ":") else { throw .malformed("\(owner) has an invalid character") }
        let digits = rest.drop { $0 == UInt8(ascii: "0") }
        guard rest.allSatisfy(\.isASCIIDigit), digits.count <= 5,
            digits.reduce(0, { $0 * 10 + Int($1 - UInt8(ascii: "0")) }) <= 65_535
        else { throw .malformed("\(owner) has an invalid port") }
    }

    /// What may stand between brackets (RFC 3986 §3.2.2): an IPv6 address, or `"v" 1*HEXDIG "." 1*byte` for those to come.
    private static func isLiteral(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard bytes.first?.asciiLowercased == UInt8(ascii: "v") else {
            var address = in6_addr()
            // A NUL would hide what comes after it.
            return !bytes.contains(0) && inet_pton(AF_INET6, String(decoding: bytes, as: UTF8.self), &address) == 1
        }
        let version = bytes.dropFirst().prefix { $0.hexadecimalValue != nil }
        let rest = bytes[version.endIndex...]
        return !version.isEmpty && rest.first == UInt8(ascii: ".") && rest.count > 1
            && rest.dropFirst().allSatisfy(ByteSet.futureHost.contains)
    }
}
