import HTTPTypes

@testable import HTTP

/// Tries one of the small languages, which the first byte chooses, on the rest.
func checkValue(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    // What a field may hold: others never get there.
    let field = String(decoding: rest.filter(\.isFieldContent), as: UTF8.self)
    switch choice % 10 {
    case 0: checkChunkLine(rest)
    case 1: checkEntityTags(field)
    case 2: checkDates(field)
    case 3: checkRanges(field)
    case 4: checkPercentCoding(rest)
    case 5: checkForwarded(field)
    case 6: checkAddresses(field)
    case 7: checkAuthority(rest)
    case 8: checkFieldLine(rest)
    default: checkRoutes(rest)
    }
}

private func checkChunkLine(_ line: [UInt8]) {
    guard let chunk = try? ChunkLine(line[...]) else { return }
    let digits = line.prefix { $0.hexadecimalValue != nil }
    require(Int(String(decoding: digits, as: UTF8.self), radix: 16) == chunk.size, "a size of other digits")
    require(chunk.extensionCount == line.count - digits.count, "extensions of another length")
    require(line.allSatisfy { $0.isFieldContent }, "a control character in a chunk-size line")
    if let next = line.dropFirst(digits.count).first { require(next.isBlank || next == UInt8(ascii: ";"), "\(next)") }
}

private func checkEntityTags(_ list: String) {
    for tag in EntityTag.list(list) {
        let text = (tag.isWeak ? "W/" : "") + tag.opaque
        guard let again = EntityTag(text) else { return require(false, "\(text) is no tag any more") }
        require(again.isLike(tag) && again.isWeak == tag.isWeak, "\(text) is another tag")
        require(tag.isSame(as: again) == !tag.isWeak, "\(text) does not equal itself")
    }
}

private func checkDates(_ text: String) {
    let now = 1_795_780_800
    guard let seconds = HTTPDate.parse(text, now: now) else { return }
    let written = HTTPDate.string(seconds)
    // A year before 1000 or after 9999 is not written with four digits by others either.
    require(HTTPDate.parse(written, now: now) == seconds, "\(text) is \(written), which is not the same")
}

private func checkRanges(_ field: String) {
    for size in [0, 1, 10, Int.max] {
        guard case .part(let range) = ByteRange(field, size: size) else { continue }
        require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) of \(size)")
    }
}

private func checkPercentCoding(_ bytes: [UInt8]) {
    let decoded = PercentCoding.decode(bytes)
    require(decoded.count <= bytes.count, "decoding made bytes")
    if PercentCoding.isWellFormed(bytes) {
        require(decoded.contains(0) == bytes.contains(0), "an escape for NUL came through")
        let escapes = bytes.count { $0 == UInt8(ascii: "%") }
        require(decoded.count == bytes.count - 2 * escapes, "an escape was overlooked")
    }
    let escaped = bytes.flatMap { Array("%".utf8) + (String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)).utf8 }
    require(PercentCoding.decode(escaped) == bytes, "escaped bytes come back as others")
    let query = QueryParameters(bytes)
    require(query.count <= bytes.split(separator: UInt8(ascii: "&")).count, "more parameters than parts")
}

private func checkForwarded(_ field: String) {
    let peer = SocketAddress.loopback
    guard let proxies = AddressRange("127.0.0.0/8") else { return require(false, "a network is refused") }
    for name in ["Forwarded", "X-Forwarded-For"] {
        let head = RequestHead.parse("GET / HTTP/1.1\r\nHost: a\r\n\(name): \(field)\r\n\r\n")
        require(ForwardedFields.client(head.fields, from: peer, trusting: []) == peer, "an untrusted peer is believed")
        let client = ForwardedFields.client(head.fields, from: peer, trusting: [proxies])
        require(field.lowercased().contains(client.host) || client == peer || client.host.contains(":"), client.host)
        // Who stands behind a proxy does not choose what the proxy says.
        for near in ["192.0.2.9", "\"[2001:db8::9]:80\""] {
            let said = name == "Forwarded" ? "for=\(near)" : near.filter { $0 != "\"" }
            let appended = RequestHead.parse(
                "GET / HTTP/1.1\r\nHost: a\r\n\(name): \(field)\r\n\(name): \(said)\r\n\r\n")
            let seen = ForwardedFields.client(appended.fields, from: peer, trusting: [proxies])
            require((seen == peer && name == "Forwarded") || near.contains(seen.host), "\(seen.host) is not \(near)")
        }
    }
}

private func checkAddresses(_ text: String) {
    if let address = SocketAddress(numeric: text) {
        require(SocketAddress(numeric: address.host) == address, "\(address.host) is another address than \(text)")
        require(AddressRange(text)?.contains(address) == true, "\(text) does not contain itself")
    }
    guard let range = AddressRange(text), let slash = text.firstIndex(of: "/") else { return }
    guard let first = SocketAddress(numeric: String(text[..<slash])) else {
        return require(false, "\(text) has no start")
    }
    require(range.contains(first), "\(text) does not contain its start")
}

private func checkAuthority(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
        guard (try? Authority.check(bytes[...], of: "Host")) != nil else { return }
        require(!bytes.isEmpty && !bytes.contains { $0 <= 0x20 || $0 >= 0x7F }, "a host with blanks")
        require(!bytes.contains { "/?#@\\".utf8.contains($0) }, "a host that goes on behind its end")
    }
}

private func checkFieldLine(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
        guard let line = try? FieldLine(bytes) else { return }
        require(bytes[line.name.upperBound] == UInt8(ascii: ":") && !line.name.isEmpty, "a name without colon")
        require(bytes[line.name].allSatisfy(ByteSet.token.contains), "a name that is none")
        require(bytes[line.value].allSatisfy(\.isFieldContent), "a value that is none")
        require(
            bytes[(line.name.upperBound + 1)..<line.value.lowerBound].allSatisfy(\.isBlank), "a value lost its start")
        require(bytes[line.value.upperBound...].allSatisfy(\.isBlank), "a value lost its end")
        if let last = bytes[line.value].last { require(!last.isBlank, "a value with a blank at its end") }
    }
}

private let routes: Router = {
    var router = Router()
    for pattern in ["/", "/a", "/a/{x}", "/a/{x}/b", "/a/c/b", "/{x}/b", "/a//b"] {
        router.on(.get, pattern, immediate: { request in .text(request.path) })
    }
    return router
}()

private func checkRoutes(_ bytes: [UInt8]) {
    let path = "/" + String(decoding: bytes.filter(ByteSet.target.contains), as: UTF8.self)
    guard PercentCoding.isWellFormed(path.utf8.prefix { $0 != UInt8(ascii: "?") }),
        PercentCoding.isWellFormed(path.utf8)
    else { return }
    var request = Request(.get, path)
    guard case .route(let route)? = try? routes.resolve(&request) else { return }
    let parts = request.segments
    require(parts.count == RouteTrie.parts(of: route.pattern).count, "\(path) took \(route.pattern)")
    for (part, expected) in zip(parts, RouteTrie.parts(of: route.pattern)) {
        switch expected {
        case .literal(let bytes): require(Array(part.utf8) == bytes, "\(path) took \(route.pattern)")
        case .parameter(let name): require(request.parameters[name] == part && !part.isEmpty, "\(name) of \(path)")
        }
    }
}
