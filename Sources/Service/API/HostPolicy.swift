import Glibc
import HTTP
import HTTPTypes

/// Which names a server answers to.
///
/// A page of a site that has its name resolved to 127.0.0.1 is of one origin with a server there, and would be let read
/// its answers by the browser; but the browser still sends the name of that site (DNS rebinding).
struct HostPolicy: Sendable {
    /// nil: any name.
    private let allowed: Set<String>?

    /// - Parameters:
    ///   - host: where the server listens. Beyond loopback it is reached by names that it does not know, so that only
    ///     a list that is not empty restricts them.
    ///   - names: names besides those of loopback.
    init(listeningOn host: String, allowing names: [String]) {
        let isRestricted = Self.isLoopback(Self.normal(host)) || !names.isEmpty
        allowed = isRestricted ? Set((names + [host]).map(Self.normal)) : nil
    }

    /// Checks the host that a request names. Throws as the check of an authority does.
    func check(_ request: Request) throws(Problem) {
        if Self.isCommon(request.authorityBytes) { return }
        try check(request.authority)
    }

    /// - Parameter authority: host and port as a request names them; nil for HTTP/1.0 without them, which no browser sends.
    /// - Throws: ``Problem``, 421 (RFC 9110 §15.5.20).
    func check(_ authority: String?) throws(Problem) {
        guard let allowed, let authority else { return }
        let name = Self.normal(Self.name(in: authority))
        guard Self.isLoopback(name) || allowed.contains(name) else {
            throw Problem(
                .misdirectedRequest,
                code: "unknown_host",
                detail: "this server does not answer to the name \(name.quoted); --allowed-hosts would let it"
            )
        }
    }

    /// Whether it is loopback as nearly all clients write it, which takes no time to see.
    private static func isCommon(_ authority: ArraySlice<UInt8>) -> Bool {
        func starts(_ name: StaticString) -> Bool {
            let count = name.utf8CodeUnitCount
            guard authority.count >= count else { return false }
            return authority.withUnsafeBytes { bytes in
                memcmp(bytes.baseAddress!, name.utf8Start, count) == 0
                    && (bytes.count == count || bytes[count] == UInt8(ascii: ":"))
            }
        }
        return starts("127.0.0.1") || starts("localhost")
    }

    /// Without the port.
    private static func name(in authority: String) -> String {
        let bytes = authority.utf8
        let isBracketed = bytes.first == UInt8(ascii: "[")
        let end = isBracketed ? UInt8(ascii: "]") : UInt8(ascii: ":")
        return String(Substring(bytes.prefix { $0 != end }.dropFirst(isBracketed ? 1 : 0)))
    }

    /// In lower case, without brackets and the dot of the root.
    private static func normal(_ name: String) -> String {
        var name = name.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        return name
    }

    /// `localhost`, 127.0.0.0/8 and ::1, also as an IPv4 address mapped into IPv6.
    private static func isLoopback(_ name: String) -> Bool {
        if name == "localhost" { return true }
        var four = in_addr()
        if inet_pton(AF_INET, name, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, name, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { bytes in
            bytes.elementsEqual([UInt8](repeating: 0, count: 15) + [1])
                || (bytes.starts(with: [UInt8](repeating: 0, count: 10) + [255, 255]) && bytes[12] == 127)
        }
    }
}
