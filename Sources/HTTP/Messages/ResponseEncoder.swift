import HTTPTypes

/// Writes response heads and chunk frames (RFC 9112 §4, §6, §7.1).
struct ResponseEncoder: Sendable {
    /// How the client finds the end of the body.
    enum Framing: Sendable, Equatable {
        /// No body and nothing said about its length: 1xx, 204, 304.
        case none
        case length(Int)
        case chunked
        /// Until the connection closes: a body of unknown length for HTTP/1.0.
        case untilClose
    }

    /// What the head says besides the response's own fields.
    struct Envelope: Sendable {
        var framing: Framing
        var id: RequestID
        var keepAlive: Bool
        /// Of the request: HTTP/1.0 must be told that the connection stays.
        var minorVersion: UInt8
        /// Seconds since 1970.
        var now: Int
    }

    private var dateSecond = Int.min
    private var date: [UInt8] = []

    static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    static func framing(of response: Response, minorVersion: UInt8) -> Framing {
        let code = response.status.code
        if code == 204 || code == 304 || code < 200 { return .none }
        switch response.body {
        case .empty: return .length(0)
        case .bytes(let bytes): return .length(bytes.count)
        case .file(_, let range): return .length(range.count)
        case .stream(let stream):
            return stream.length.map { .length($0) } ?? (minorVersion > 0 ? .chunked : .untilClose)
        }
    }

    /// Appends status line and fields with the empty line after them.
    mutating func encodeHead(_ response: Response, _ envelope: Envelope, into output: inout [UInt8]) {
        if response.status == .ok {
            output.append("HTTP/1.1 200 OK\r\n")
        } else {
            output.append("HTTP/1.1 ")
            output.append(decimal: response.status.code)
            output.append(.space)
            output.append(contentsOf: response.status.reasonPhrase.utf8)
            output.append("\r\n")
        }
        for field in response.fields where !Self.isOurs(field.name) {
            output.append(contentsOf: field.name.rawName.utf8)
            output.append(": ")
            field.withUnsafeBytesOfValue { output.append(contentsOf: $0) }
            output.append("\r\n")
        }
        switch envelope.framing {
        case .none, .untilClose: break
        case .chunked: output.append("Transfer-Encoding: chunked\r\n")
        case .length(let length):
            output.append("Content-Length: ")
            output.append(decimal: length)
            output.append("\r\n")
        }
        if !envelope.keepAlive {
            output.append("Connection: close\r\n")
        } else if envelope.minorVersion == 0 {
            output.append("Connection: keep-alive\r\n")
        }
        output.append("X-Request-Id: ")
        envelope.id.append(to: &output)
        output.append("\r\nDate: ")
        if envelope.now != dateSecond {
            dateSecond = envelope.now
            date = HTTPDate.bytes(envelope.now)
        }
        output.append(contentsOf: date)
        output.append("\r\n\r\n")
    }

    /// Appends one chunk; nothing for no bytes, since an empty chunk would end the body.
    static func encodeChunk(_ bytes: [UInt8], into output: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        output.append(contentsOf: String(bytes.count, radix: 16).utf8)
        output.append("\r\n")
        output.append(contentsOf: bytes)
        output.append("\r\n")
    }

    static func encodeLastChunk(into output: inout [UInt8]) {
        output.append("0\r\n\r\n")
    }

    /// Fields that only the server can get right; a handler's are dropped.
    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        switch name.canonicalName {
        case "content-length", "transfer-encoding", "connection", "date", "x-request-id": true
        default: false
        }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// - Precondition: `number` is not negative.
    mutating func append(decimal number: Int) {
        var rest = number
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
