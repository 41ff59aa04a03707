/// The fields that say where a request ends and whom it is for, gathered while the header is read.
struct FramingFields: Sendable {
    private var contentLength: Int?
    private var hasTransferEncoding = false
    private var hasChunked = false
    private var hasUnknownCoding = false
    private var hostCount = 0
    /// Where the value of `Host` lies in the bytes of the head.
    private(set) var host: Range<Int>?
    private var closes = false
    private var keepsAlive = false
    private(set) var expectsContinue = false

    /// Looks at one field. `bytes` are those of the head.
    mutating func note(
        name: Range<Int>,
        value: Range<Int>,
        in bytes: UnsafeBufferPointer<UInt8>
    ) throws(RequestError) {
        let text = UnsafeBufferPointer(rebasing: bytes[name])
        let content = UnsafeBufferPointer(rebasing: bytes[value])
        switch name.count {
        case 4 where equalsIgnoringCase(text, "host"):
            hostCount += 1
            host = value
        case 6 where equalsIgnoringCase(text, "expect"):
            for expectation in Self.elements(content) where !expectation.isEmpty {
                guard equalsIgnoringCase(expectation, "100-continue") else { throw .unknownExpectation }
                expectsContinue = true
            }
        case 10 where equalsIgnoringCase(text, "connection"):
            for token in Self.elements(content) {
                if equalsIgnoringCase(token, "close") { closes = true }
                if equalsIgnoringCase(token, "keep-alive") { keepsAlive = true }
            }
        case 14 where equalsIgnoringCase(text, "content-length"):
            try noteContentLength(content)
        case 17 where equalsIgnoringCase(text, "transfer-encoding"):
            try noteTransferEncoding(content)
        default:
            break
        }
    }

    /// Only one line of digits will do: lists and repeats are the stuff of request smuggling, even if they agree.
    private mutating func noteContentLength(_ value: UnsafeBufferPointer<UInt8>) throws(RequestError) {
        guard contentLength == nil else { throw .malformed("Content-Length is repeated") }
        var length = 0
        for byte in value {
            guard byte.isASCIIDigit else { throw .malformed("Content-Length is not a number") }
            let (tens, isTooBig) = length.multipliedReportingOverflow(by: 10)
            let (sum, isTooBigStill) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !isTooBig, !isTooBigStill else { throw .malformed("Content-Length overflows") }
            length = sum
        }
        guard !value.isEmpty else { throw .malformed("Content-Length is empty") }
        contentLength = length
    }

    private mutating func noteTransferEncoding(_ value: UnsafeBufferPointer<UInt8>) throws(RequestError) {
        hasTransferEncoding = true
        for coding in Self.elements(value) {
            guard !hasChunked else { throw .malformed("chunked is repeated or not the last transfer coding") }
            let name = coding.prefix(while: ByteSet.token.contains)
            let parameters = coding[name.endIndex...].drop(while: \.isBlank)
            guard !name.isEmpty, parameters.isEmpty || parameters.first == UInt8(ascii: ";") else {
                throw .malformed("Transfer-Encoding has an empty or malformed member")
            }
            if equalsIgnoringCase(coding, "chunked") { hasChunked = true } else { hasUnknownCoding = true }
        }
    }

    /// The parts of a comma-separated list, without the blanks around them.
    private static func elements(
        _ value: UnsafeBufferPointer<UInt8>
    ) -> some Sequence<Slice<UnsafeBufferPointer<UInt8>>> {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).lazy.map { part in
            var part = part
            while part.first?.isBlank ?? false { part.removeFirst() }
            while part.last?.isBlank ?? false { part.removeLast() }
            return part
        }
    }

    // MARK: Verdicts, once the header is complete

    /// How the body is delimited (RFC 9112 §6).
    func bodyFraming(minorVersion: UInt8) throws(RequestError) -> RequestHead.Framing {
        guard hasTransferEncoding else { return contentLength.map { .length($0) } ?? .none }
        guard minorVersion > 0 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
        guard contentLength == nil else { throw .malformed("Transfer-Encoding together with Content-Length") }
        // RFC 9112 §6.3: otherwise no one can tell where the body ends.
        guard hasChunked else { throw .malformed("chunked is not the last transfer coding") }
        guard !hasUnknownCoding else { throw .unknownCoding }
        return .chunked
    }

    /// Checks that there is one valid `Host` (RFC 9112 §3.2); HTTP/1.0 may do without.
    func checkHost(minorVersion: UInt8, in bytes: UnsafeBufferPointer<UInt8>) throws(RequestError) {
        guard hostCount <= 1 else { throw .malformed("Host is repeated") }
        guard let host else {
            if minorVersion == 0 { return }
            throw .malformed("Host is missing")
        }
        try Authority.check(bytes[host], of: "Host")
    }

    /// RFC 9112 §9.3.
    func keepAlive(minorVersion: UInt8) -> Bool {
        !closes && (minorVersion > 0 || keepsAlive)
    }
}
