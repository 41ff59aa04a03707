import Glibc

/// An IPv4 or IPv6 address and a port.
package struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// Network order; the first 4 bytes for IPv4.
    private var bytes: InlineArray<16, UInt8>
    private let isIPv6: Bool
    package let port: Int
    /// The numeric address, IPv6 without brackets.
    package let host: String

    /// 127.0.0.1, port 0.
    package static let loopback: SocketAddress = {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        (bytes[0], bytes[3]) = (127, 1)
        return SocketAddress(bytes: bytes, isIPv6: false, port: 0)
    }()

    private init(bytes: InlineArray<16, UInt8>, isIPv6: Bool, port: Int) {
        self.bytes = bytes
        self.isIPv6 = isIPv6
        self.port = port
        host = Self.text(bytes, isIPv6)
    }

    /// Nil for an address family other than the two.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            withUnsafeBytes(of: address.sin_addr) { for index in 0..<4 { bytes[index] = $0[index] } }
            self.init(bytes: bytes, isIPv6: false, port: Int(UInt16(bigEndian: address.sin_port)))
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            withUnsafeBytes(of: address.sin6_addr) { for index in 0..<16 { bytes[index] = $0[index] } }
            self.init(bytes: bytes, isIPv6: true, port: Int(UInt16(bigEndian: address.sin6_port)))
        default:
            return nil
        }
    }

    /// An address as ``host`` writes it, of either family; nil for anything else, names too.
    init?(numeric text: String) {
        // Behind it, inet_pton would not look.
        guard !text.utf8.contains(0) else { return nil }
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        let status = withUnsafeMutableBytes(of: &bytes) {
            inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, $0.baseAddress!)
        }
        guard status == 1 else { return nil }
        self.init(bytes: bytes, isIPv6: isIPv6, port: 0)
    }

    /// How many bits the address has.
    var bitCount: Int { isIPv6 ? 128 : 32 }

    /// The address as a number, that of IPv4 as it is mapped into IPv6 (RFC 4291 §2.5.5.2).
    var mapped: UInt128 {
        let number = (0..<bitCount / 8).reduce(UInt128(0)) { $0 << 8 | UInt128(bytes[$1]) }
        return isIPv6 ? number : number | 0xFFFF << 32
    }

    /// Whether it is of this machine alone.
    package var isLoopback: Bool {
        guard isIPv6 else { return bytes[0] == 127 }
        let isMapped = (0..<10).allSatisfy { bytes[$0] == 0 } && bytes[10] == 255 && bytes[11] == 255
        return isMapped ? bytes[12] == 127 : (0..<15).allSatisfy { bytes[$0] == 0 } && bytes[15] == 1
    }

    package static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        left.isIPv6 == right.isIPv6 && left.port == right.port
            && (0..<16).allSatisfy { left.bytes[$0] == right.bytes[$0] }
    }

    private static func text(_ bytes: InlineArray<16, UInt8>, _ isIPv6: Bool) -> String {
        var bytes = bytes
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            withUnsafeBytes(of: &bytes) {
                guard
                    inet_ntop(
                        isIPv6 ? AF_INET6 : AF_INET,
                        $0.baseAddress!,
                        text.baseAddress!,
                        socklen_t(text.count)
                    ) != nil
                else { preconditionFailure("inet_ntop refused an address") }
            }
            return String(cString: text.baseAddress!)
        }
    }

    /// `host:port`, IPv6 in brackets, as it stands in a URL.
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
