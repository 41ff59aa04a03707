/// The body of a request: all of it, or its chunks as they come.
package struct RequestBody: Sendable {
    private enum Storage: Sendable {
        case bytes([UInt8])
        case pipe(BodyPipe)
    }

    private let storage: Storage

    package static func bytes(_ bytes: [UInt8]) -> RequestBody { RequestBody(storage: .bytes(bytes)) }

    static func pipe(_ pipe: BodyPipe) -> RequestBody { RequestBody(storage: .pipe(pipe)) }

    static let none = RequestBody.bytes([])

    /// The whole body; empty on a route with body policy ``BodyPolicy/none``.
    ///
    /// - Precondition: the route's body policy is not ``BodyPolicy/streamed(limit:)``.
    package var bytes: [UInt8] {
        guard case .bytes(let bytes) = storage else { preconditionFailure("the body of this route is streamed") }
        return bytes
    }

    /// The body in chunks of at most 64 KiB each, whatever the route's policy. Can be walked once.
    ///
    /// While the consumer is slow, no more is read from the client than a bounded amount. Throws ``RequestError`` when
    /// the body breaks the protocol or exceeds the route's limit, ``ConnectionError`` when the client goes away.
    package var stream: RequestBodyStream { RequestBodyStream(body: self) }

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

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pipe: BodyPipe

        package mutating func next() async throws -> [UInt8]? {
            try await pipe.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pipe: body.makePipe())
    }
}
