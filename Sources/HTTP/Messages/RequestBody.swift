/// The body of a request: all of it, or its chunks as they come.
package struct RequestBody: Sendable {
    private enum Storage: Sendable {
        case bytes([UInt8])
        case pipe(BodyPipe)
    }

    private var storage: Storage
    /// How the content is encoded.
    private var coding = ContentCoding.identity
    /// Bytes there may be once it is decoded.
    private var limit = Int.max

    private init(_ storage: Storage) { self.storage = storage }

    package static func bytes(_ bytes: [UInt8]) -> RequestBody { RequestBody(.bytes(bytes)) }

    static let none = RequestBody.bytes([])

    /// What the head says of the content, before there is any.
    mutating func expect(_ coding: ContentCoding, limit: Int) {
        self.coding = coding
        self.limit = limit
    }

    mutating func take(_ bytes: [UInt8]) { storage = .bytes(bytes) }

    mutating func take(_ pipe: BodyPipe) { storage = .pipe(pipe) }

    /// Whether reading it takes time, since it has to be decompressed.
    package var isEncoded: Bool { coding != .identity }

    /// The content as it came.
    ///
    /// - Precondition: the route's body policy is not ``BodyPolicy/streamed(limit:)``.
    package var encodedBytes: [UInt8] {
        guard case .bytes(let bytes) = storage else { preconditionFailure("the body of this route is streamed") }
        return bytes
    }

    /// The whole body, decompressed on each call; empty on a route with body policy ``BodyPolicy/none``. Throws
    /// ``RequestError``: 400 for what cannot be decompressed, 413 for what becomes more than the limit of the route.
    ///
    /// - Precondition: the route's body policy is not ``BodyPolicy/streamed(limit:)``.
    package var bytes: [UInt8] {
        get throws(RequestError) {
            switch coding {
            case .identity: encodedBytes
            case .gzip, .deflate: try ContentDecoder.decode(encodedBytes, coding, limit: limit)
            }
        }
    }

    /// The body in chunks, of at most 256 KiB where the body is streamed. Can be walked once.
    ///
    /// While the consumer is slow, no more is read from the client than a bounded amount. Throws ``RequestError`` when
    /// the body breaks the protocol, cannot be decompressed or exceeds the route's limit, ``ConnectionError`` when the
    /// client goes away.
    package var stream: RequestBodyStream { stream { _ in } }

    /// The same.
    ///
    /// - Parameter watch: given the content as it comes, before it is decompressed.
    package func stream(watching watch: @escaping @Sendable ([UInt8]) -> Void) -> RequestBodyStream {
        RequestBodyStream(body: self, watch: watch)
    }

    fileprivate func makeDecoder() -> ContentDecoder? {
        switch coding {
        case .identity: nil
        case .gzip, .deflate: ContentDecoder(coding, limit: limit)
        }
    }

    fileprivate func makePipe() -> BodyPipe {
        switch storage {
        case .pipe(let pipe): pipe
        case .bytes(let bytes): BodyPipe(complete: bytes)
        }
    }
}

/// The chunks of a request's body.
package struct RequestBodyStream: AsyncSequence, Sendable {
    fileprivate let body: RequestBody
    fileprivate let watch: @Sendable ([UInt8]) -> Void

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pipe: BodyPipe
        fileprivate var decoder: ContentDecoder?
        fileprivate let watch: @Sendable ([UInt8]) -> Void

        package mutating func next() async throws -> [UInt8]? {
            while true {
                if let piece = try decoder?.next() { return piece }
                guard let bytes = try await pipe.next() else {
                    try decoder?.finish()
                    return nil
                }
                watch(bytes)
                guard decoder != nil else { return bytes }
                decoder?.take(bytes)
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pipe: body.makePipe(), decoder: body.makeDecoder(), watch: watch)
    }
}
