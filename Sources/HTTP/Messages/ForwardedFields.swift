/// Whom a request comes from, as the proxies on its way say: `Forwarded` (RFC 7239) and `X-Forwarded-For`.
///
/// Each proxy appends the address that it was asked from, and anyone can write what stands before. So the way is gone
/// back from the near end for as long as it leads through proxies that are trusted.
enum ForwardedFields {
    /// The address that a request comes from: the nearest one that is no trusted proxy's, without its port.
    ///
    /// What is not known (`unknown`, a name made up, anything that is no address) ends the way at the proxy that said it, and
    /// a malformed `Forwarded` leads nowhere. Most proxies know one of the two fields and let the other pass as the client
    /// wrote it: where they do not agree, neither is believed.
    ///
    /// - Parameter peer: the other end of the connection.
    static func client(
        _ fields: RequestFields, from peer: SocketAddress, trusting proxies: [AddressRange]
    ) -> SocketAddress {
        func walk(_ nodes: [Substring?]) -> SocketAddress {
            var client = peer
            for node in nodes.reversed() {
                guard proxies.contains(where: { $0.contains(client) }), let node, let address = address(of: node)
                else { break }
                client = address
            }
            return client
        }
        let standard = fields[.forwarded].map { walk(nodes($0) ?? []) }
        let usual = fields[.xForwardedFor].map { walk(members(of: $0)) }
        switch (standard, usual) {
        case (nil, nil): return peer
        case (let client?, nil), (nil, let client?): return client
        case (let client?, let other?): return client.mapped == other.mapped ? client : peer
        }
    }

    /// `for` of each element of a `Forwarded` (RFC 7239 §4), nil where it is missing; nil for what is malformed.
    private static func nodes(_ field: String) -> [Substring?]? {
        var rest = field[...].utf8
        var nodes: [Substring?] = []
        while true {
            var node: Substring?
            var isEmpty = true
            repeat {
                rest = rest.drop(while: \.isBlank)
                let name = rest.prefix(while: ByteSet.token.contains)
                rest = rest[name.endIndex...]
                guard !name.isEmpty else { continue }
                isEmpty = false
                guard rest.popFirst() == UInt8(ascii: "="), let value = takeValue(&rest) else { return nil }
                rest = rest.drop(while: \.isBlank)
                guard Substring(name).lowercased() == "for" else { continue }
                // RFC 7239 §4: each name comes once.
                guard node == nil else { return nil }
                node = value
            } while take(UInt8(ascii: ";"), &rest)
            // A list may have empty members (RFC 9110 §5.6.1.2).
            if !isEmpty { nodes.append(node) }
            guard !rest.isEmpty else { return nodes }
            guard take(UInt8(ascii: ","), &rest) else { return nil }
        }
    }

    private static func take(_ byte: UInt8, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    /// A token, or what stands between quotes.
    private static func takeValue(_ rest: inout Substring.UTF8View) -> Substring? {
        guard take(UInt8(ascii: "\""), &rest) else {
            let token = rest.prefix(while: ByteSet.token.contains)
            rest = rest[token.endIndex...]
            return token.isEmpty ? nil : Substring(token)
        }
        var content: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return Substring(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                content.append(escaped)
            default: content.append(byte)
            }
        }
        return nil
    }

    /// The address in `node` (RFC 7239 §6): IPv4 or an IPv6 in brackets, either perhaps with a port, or an IPv6 alone.
    private static func address(of node: Substring) -> SocketAddress? {
        let bytes = node.utf8
        let host: Substring.UTF8View
        var rest: Substring.UTF8View
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = bytes[..<end].dropFirst()
            guard host.contains(UInt8(ascii: ":")) else { return nil }
            rest = bytes[end...].dropFirst()
        } else if bytes.count(where: { $0 == UInt8(ascii: ":") }) > 1 {
            return SocketAddress(numeric: String(node))
        } else {
            host = bytes.prefix { $0 != UInt8(ascii: ":") }
            rest = bytes[host.endIndex...]
        }
        if !rest.isEmpty {
            guard take(UInt8(ascii: ":"), &rest), isPort(rest) else { return nil }
        }
        return SocketAddress(numeric: String(Substring(host)))
    }

    /// Digits, or a name made up (RFC 7239 §6.3).
    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        if text.first == UInt8(ascii: "_") { return text.dropFirst().allSatisfy(ByteSet.token.contains) }
        return (1...5).contains(text.count) && text.allSatisfy(\.isASCIIDigit)
    }

    /// The members of a list, without the blanks around them.
    private static func members(of list: String) -> [Substring] {
        list.utf8.split(separator: UInt8(ascii: ",")).compactMap { member in
            var text = member.drop(while: \.isBlank)
            while text.last?.isBlank ?? false { text.removeLast() }
            return text.isEmpty ? nil : Substring(text)
        }
    }
}
