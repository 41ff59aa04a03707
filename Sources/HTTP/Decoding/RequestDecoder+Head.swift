import Glibc
import HTTPTypes

extension RequestDecoder {
    /// Parses `method SP target SP version` (RFC 9112 §3) in the bytes of the head.
    mutating func parseRequestLine(_ range: Range<Int>) throws(RequestError) {
        var parsed = RequestHead()
        try head.fields.bytes.withUnsafeBufferPointer { (bytes) throws(RequestError) in
            let line = bytes[range]
            let methodEnd = Self.end(of: ByteSet.token, in: line)
            guard methodEnd > line.startIndex, methodEnd < line.endIndex, line[methodEnd] == .space else {
                throw .malformed("the request line has no valid method")
            }
            let afterMethod = line[(methodEnd + 1)...]
            let targetEnd = Self.end(of: ByteSet.target, in: afterMethod)
            guard targetEnd < line.endIndex, line[targetEnd] == .space else {
                throw .malformed(
                    afterMethod.contains(.space)
                        ? "the target has a character that must be escaped"
                        : "the request line has no target or no version")
            }
            guard targetEnd > afterMethod.startIndex else {
                throw .malformed("the request line has no target or no version")
            }
            parsed.minorVersion = try Self.minorVersion(line[(targetEnd + 1)...])
            guard let method = Self.method(line[..<methodEnd]), method != .connect else { throw .unknownMethod }
            parsed.method = method
            try Self.parseTarget(afterMethod[..<targetEnd], into: &parsed)
        }
        // Moved, or the next line would copy the bytes.
        swap(&parsed.fields, &head.fields)
        swap(&parsed, &head)
    }

    /// Where the bytes of `line` stop to be of `set`.
    private static func end(of set: ByteSet, in line: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var index = line.startIndex
        while index < line.endIndex, set.contains(line[index]) { index += 1 }
        return index
    }

    mutating func parseFieldLine(_ range: Range<Int>) throws(RequestError) {
        var framing = framing
        let slot = try head.fields.bytes.withUnsafeBufferPointer { (bytes) throws(RequestError) in
            let line = try FieldLine(UnsafeBufferPointer(rebasing: bytes[range]))
            let start = range.lowerBound
            let value = (start + line.value.lowerBound)..<(start + line.value.upperBound)
            try framing.note(name: start..<(start + line.name.count), value: value, in: bytes)
            return RequestFields.Slot(
                nameStart: UInt32(start),
                nameCount: UInt32(line.name.count),
                valueStart: UInt32(value.lowerBound),
                valueCount: UInt32(value.count)
            )
        }
        self.framing = framing
        if head.fields.slots.isEmpty { head.fields.slots.reserveCapacity(4) }
        head.fields.slots.append(slot)
    }

    /// Draws the conclusions from the whole header.
    mutating func finishHead() throws(RequestError) {
        let minorVersion = head.minorVersion
        try head.fields.bytes.withUnsafeBufferPointer { (bytes) throws(RequestError) in
            try framing.checkHost(minorVersion: minorVersion, in: bytes)
        }
        head.framing = try framing.bodyFraming(minorVersion: minorVersion)
        head.authority = head.authority ?? framing.host
        head.keepAlive = framing.keepAlive(minorVersion: minorVersion)
        head.expectsContinue = framing.expectsContinue && minorVersion > 0
    }

    /// 0, or 1 for what is above as well: it can be understood as that (RFC 9110 §2.5).
    private static func minorVersion(_ version: Slice<UnsafeBufferPointer<UInt8>>) throws(RequestError) -> UInt8 {
        let bytes = UnsafeBufferPointer(rebasing: version)
        guard bytes.count == 8, memcmp(bytes.baseAddress!, "HTTP/", 5) == 0, bytes[5].isASCIIDigit,
            bytes[6] == UInt8(ascii: "."), bytes[7].isASCIIDigit
        else { throw .malformed("the request line has no valid version") }
        guard bytes[5] == UInt8(ascii: "1") else { throw .unknownVersion }
        return bytes[7] == UInt8(ascii: "0") ? 0 : 1
    }

    /// The method if it is one of RFC 9110 §9, PATCH (RFC 5789) or QUERY; names are case-sensitive.
    private static func method(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> HTTPRequest.Method? {
        func matches(_ known: StaticString) -> Bool {
            name.elementsEqual(UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount))
        }
        switch name.count {
        case 3: return matches("GET") ? .get : matches("PUT") ? .put : nil
        case 4: return matches("POST") ? .post : matches("HEAD") ? .head : nil
        case 5: return matches("PATCH") ? .patch : matches("TRACE") ? .trace : matches("QUERY") ? .query : nil
        case 6: return matches("DELETE") ? .delete : nil
        case 7: return matches("OPTIONS") ? .options : matches("CONNECT") ? .connect : nil
        default: return nil
        }
    }

    /// Origin-form, absolute-form or asterisk-form (RFC 9112 §3.2).
    private static func parseTarget(
        _ target: Slice<UnsafeBufferPointer<UInt8>>,
        into head: inout RequestHead
    ) throws(RequestError) {
        var rest = target
        if target.first == UInt8(ascii: "*"), target.count == 1 {
            guard head.method == .options else { throw .malformed("the target * is for OPTIONS only") }
            head.target = .asterisk
            head.path = target.startIndex..<target.endIndex
            return
        }
        if target.first != UInt8(ascii: "/") {
            let scheme = target.prefix(while: { $0 != UInt8(ascii: ":") })
            let afterScheme = target[scheme.endIndex...]
            guard equalsIgnoringCase(scheme, "http") || equalsIgnoringCase(scheme, "https"),
                afterScheme.starts(with: "://".utf8)
            else { throw .malformed("the target is neither a path nor an http URL") }
            let authority = afterScheme.dropFirst(3).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            try Authority.check(authority, of: "the host of the target")
            head.authority = authority.startIndex..<authority.endIndex
            rest = target[authority.endIndex...]
            // RFC 9112 §3.2.4: this is how a proxy is asked for `OPTIONS *`.
            if rest.isEmpty, head.method == .options { head.target = .asterisk }
        }
        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        guard PercentCoding.isWellFormed(path) else { throw .malformed("the path has an invalid percent escape") }
        head.path = path.startIndex..<path.endIndex
        guard path.endIndex < rest.endIndex else { return }
        let query = rest[(path.endIndex + 1)...]
        guard PercentCoding.isWellFormed(query, nul: true) else {
            throw .malformed("the query has an invalid percent escape")
        }
        head.query = query.startIndex..<query.endIndex
    }

    /// What to say about a request line that is longer than its limit: a method so long is none of ours (RFC 9112 §3).
    var longLineError: RequestError {
        head.fields.bytes.contains { !ByteSet.token.contains($0) } ? .lineTooLong : .unknownMethod
    }
}

extension RequestHead {
    /// Decodes a head written by our own code.
    ///
    /// - Precondition: it is valid.
    static func parse(_ text: String) -> RequestHead {
        var decoder = RequestDecoder()
        var offset = 0
        let event = Array(text.utf8).withUnsafeBytes { decoder.next($0, at: &offset) }
        guard case .head(let head) = event else {
            preconditionFailure("not a valid head: \(String(describing: event))")
        }
        return head
    }
}
