import Dispatch
import HTTPTypes
import Platform

extension Response {
    /// Where answers of handlers without a task are compressed, so that it holds up no connection.
    static let compressing = DispatchQueue(label: "http.compress", attributes: .concurrent)
    /// Bytes below which compressing is not worth the time.
    static let leastCompressed = 1024

    /// Says so where the answer depends on the codings that the client takes. Returns whether it is to be ``compressed()``.
    mutating func negotiateCoding(with request: Request) -> Bool {
        // What the client has is what it would have got (RFC 9110 section 15.4.5).
        if status == .notModified, fields[.vary] == nil { dependOnAcceptEncoding() }
        guard canBeCompressed else { return false }
        dependOnAcceptEncoding()
        return AcceptedCodings(request.fields).prefersGzip
    }

    private var canBeCompressed: Bool {
        switch body {
        case .empty, .file: return false
        case .bytes(let bytes): guard bytes.count >= Self.leastCompressed else { return false }
        case .stream: break
        }
        return status != .partialContent && status != .noContent && status != .notModified
            && !fields.contains(.contentEncoding)
            && fields[.contentType].map(ContentType.isCompressible) ?? false
    }

    mutating func dependOnAcceptEncoding() {
        fields[.vary] = (fields[.vary].map { $0 + ", " } ?? "") + "Accept-Encoding"
    }

    /// The same, compressed; a stream while it is sent. Takes time, so not to be called on a connection's queue.
    func compressed() -> Response {
        var response = self
        switch body {
        case .bytes(let bytes): response.body = .bytes(GzipEncoder.encode(bytes, level: GzipEncoder.quickLevel))
        case .stream(let stream): response.body = .stream(stream.compressed())
        case .empty, .file: preconditionFailure("there is nothing to compress")
        }
        response.encodeFields()
        return response
    }

    /// Says that the body is compressed: another representation, and so with another tag (RFC 9110 §8.8.3).
    mutating func encodeFields() {
        fields[.contentEncoding] = "gzip"
        fields[.acceptRanges] = nil
        if let tag = fields[.eTag].flatMap({ EntityTag($0) }), !tag.isWeak { fields[.eTag] = tag.gzipped.description }
    }
}

extension ResponseStream {
    /// Each piece is sent as soon as it is written.
    fileprivate func compressed() -> ResponseStream {
        ResponseStream(length: nil) { [produce] writer in
            // The lock is for the compiler: a handler writes one piece after another, or they would be no gzip.
            let encoder = Mutex(GzipEncoder(level: GzipEncoder.quickLevel))
            let inner = ResponseWriter { bytes in
                guard !bytes.isEmpty else { return }
                try await writer.write(encoder.withLock { $0.encode(bytes, isLast: false) })
            } follow: { _ in
                preconditionFailure("events are not compressed")
            }
            try await produce(inner)
            try await writer.write(encoder.withLock { $0.encode([], isLast: true) })
        }
    }
}

extension ContentType {
    /// Whether it is a kind of text, and no stream of events, which must not wait for more of it.
    static func isCompressible(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        switch name {
        case "text/event-stream": return false
        case "application/json", "application/javascript", "application/xml", "application/wasm", "image/svg+xml":
            return true
        default: return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml")
        }
    }
}
