/// The body of a response.
package enum ResponseBody: Sendable {
    case empty
    case bytes([UInt8])
    /// Bytes of a file, read as the client takes them.
    case file(OpenFile, Range<Int>)
    /// Produced as the client takes it.
    case stream(ResponseStream)

    /// All of a file.
    package static func file(_ file: OpenFile) -> ResponseBody { .file(file, 0..<file.size) }

    /// A body that `produce` writes piece by piece; `write` returns once the client has taken enough for more to fit,
    /// so a slow client costs bounded memory. With `length` the body has exactly so many bytes, without it is chunked.
    ///
    /// `produce` runs in the handler's task after the handler has returned. If it throws, or the client goes away (then
    /// `write` throws and the task is cancelled), the connection is closed in the middle of the body.
    package static func stream(
        length: Int? = nil,
        _ produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> ResponseBody {
        .stream(ResponseStream(length: length, produce: produce))
    }

    /// A body made of the chunks of `chunks`, each asked for once the client has taken enough of those before.
    package static func stream<Chunks: AsyncSequence & Sendable>(
        length: Int? = nil,
        _ chunks: Chunks
    ) -> ResponseBody where Chunks.Element == [UInt8] {
        .stream(length: length) { writer in
            for try await chunk in chunks { try await writer.write(chunk) }
        }
    }
}

/// A body that is produced while it is sent.
package struct ResponseStream: Sendable {
    let length: Int?
    let produce: @Sendable (ResponseWriter) async throws -> Void
}

/// Takes the pieces of a streamed body.
package struct ResponseWriter: Sendable {
    private let send: @Sendable ([UInt8]) async throws -> Void
    private let followEvents: @Sendable (EventListener) async throws -> Void

    init(
        send: @escaping @Sendable ([UInt8]) async throws -> Void,
        follow: @escaping @Sendable (EventListener) async throws -> Void
    ) {
        self.send = send
        followEvents = follow
    }

    /// Sends `bytes` and waits while the client is behind. Throws ``ConnectionError``.
    package func write(_ bytes: [UInt8]) async throws {
        try await send(bytes)
    }

    /// Sends `text` as UTF-8 and waits while the client is behind. Throws ``ConnectionError``.
    package func write(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends events as they come, and returns when there will be no more. Throws ``ConnectionError``.
    func follow(_ listener: EventListener) async throws {
        try await followEvents(listener)
    }
}

extension ResponseBody {
    /// All bytes of the body, for tests that run routes without sockets; the client is as fast as can be.
    package func collect() async throws -> [UInt8] {
        switch self {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .file(let file, let range): return try file.read(at: range.lowerBound, count: range.count)
        case .stream(let stream):
            let collector = Collector()
            let writer = ResponseWriter {
                await collector.append($0)
            } follow: {
                try await collector.append($0)
            }
            try await stream.produce(writer)
            return await collector.bytes
        }
    }

    private actor Collector {
        var bytes: [UInt8] = []

        func append(_ more: [UInt8]) { bytes += more }

        func append(_ listener: EventListener) async throws {
            let (news, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            listener.follow { tell.yield() }
            tell.yield()
            for await _ in news {
                taking: while true {
                    switch listener.next() {
                    case .event(let event): bytes += event.chunk[event.content]
                    case .nothing: break taking
                    case .end(let result): return try result.get()
                    }
                }
            }
        }
    }
}
