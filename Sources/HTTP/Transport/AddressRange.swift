/// The addresses with the same first bits, such as `10.0.0.0/8` or `fd00::/8`, or a single one (RFC 4632, RFC 4291 §2.3).
///
/// IPv4 addresses are the same as those mapped into IPv6, which is how a listener for both sees them.
package struct AddressRange: Sendable, Equatable {
    private let start: UInt128
    private let mask: UInt128

    /// Nil unless `text` is an address, perhaps with a slash and the number of bits that count; the others must be zero.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = SocketAddress(numeric: String(parts[0])) else { return nil }
        var count = address.bitCount
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy(\.isASCIIDigit), let given = Int(parts[1]), given <= count else {
                return nil
            }
            count = given
        }
        start = address.mapped
        // Smart shifts: one by all 128 bits leaves zero.
        mask = .max << UInt128(address.bitCount - count)
        guard start & ~mask == 0 else { return nil }
    }

    package func contains(_ address: SocketAddress) -> Bool { address.mapped & mask == start }
}
