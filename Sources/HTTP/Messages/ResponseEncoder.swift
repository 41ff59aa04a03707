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
    mutating func encodeHead(_ response: Response, _ envelope: Envelope, into output: inout OutputBuffer) {
        if response.status == .ok {
            output.append("HTTP/1.1 200 OK\r\n")
        } else {
            output.append("HTTP/1.1 ")
            output.append(decimal: response.status.code)
            output.append(.space)
            output.append(response.status.reasonPhrase)
            output.append("\r\n")
        }
        for field in response.fields where !Self.isOurs(field.name) {
            output.append(field.name.rawName)
            output.append(": ")
            field.withUnsafeBytesOfValue { output.append(UnsafeRawBufferPointer($0)) }
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
        output.append(date)
        output.append("\r\n\r\n")
    }

    /// Appends one chunk; nothing for no bytes, since an empty chunk would end the body.
    static func encodeChunk(_ bytes: [UInt8], into output: inout OutputBuffer) {
        guard !bytes.isEmpty else { return }
        output.append(hexadecimal: UInt(bytes.count))
        output.append("\r\n")
        output.append(bytes)
        output.append("\r\n")
    }

    static func encodeLastChunk(into output: inout OutputBuffer) {
        output.append("0\r\n\r\n")
    }

    /// Fields that only the server can get right; a handler's are dropped.
    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        let name = name.canonicalName
        // Nearly all names differ in their length already.
        switch name.utf8.count {
        case 4: return name == "date"
        case 10: return name == "connection"
        case 12: return name == "x-request-id"
        case 14: return name == "content-length"
        case 17: return name == "transfer-encoding"
        default: return false
        }
    }
}
