/// One event of a stream of them (WHATWG HTML section 9.2).
package struct ServerSentEvent: Sendable, Equatable {
    /// Its place in the stream, which grows from event to event; a client that comes again names the last it has got.
    package var id: Int
    /// What listeners are chosen by; nil for `message`.
    package var name: String?
    /// Any text; lines may end in LF, CR or both, and arrive ending in LF.
    package var data: String
    /// How long clients wait before they come again, from now on.
    package var retry: Duration?

    /// - Precondition: the name has no line breaks.
    package init(id: Int, name: String? = nil, data: String, retry: Duration? = nil) {
        precondition(name?.utf8.contains { $0 == .lineFeed || $0 == .carriageReturn } != true, "a name is one line")
        self.id = id
        self.name = name
        self.data = data
        self.retry = retry
    }

    /// What keeps a silent stream from being taken for a dead one: a comment.
    static let heartbeat = Array(": \n\n".utf8)

    /// Appends the event as it is on the wire.
    func encode(into output: inout [UInt8]) {
        if let name { Self.append("event: ", name.utf8, to: &output) }
        if let retry { Self.append("retry: ", String(retry.nanoseconds / 1_000_000).utf8, to: &output) }
        var rest = Substring(data).utf8
        while let end = rest.firstIndex(where: { $0 == .lineFeed || $0 == .carriageReturn }) {
            Self.append("data: ", rest[..<end], to: &output)
            let isPair = rest[end...].starts(with: [.carriageReturn, .lineFeed])
            rest = rest[rest.index(end, offsetBy: isPair ? 2 : 1)...]
        }
        Self.append("data: ", rest, to: &output)
        Self.append("id: ", String(id).utf8, to: &output)
        output.append(.lineFeed)
    }

    private static func append(_ field: StaticString, _ value: some Sequence<UInt8>, to output: inout [UInt8]) {
        output += UnsafeBufferPointer(start: field.utf8Start, count: field.utf8CodeUnitCount)
        output += value
        output.append(.lineFeed)
    }
}

/// An event as it is sent to all who listen, encoded once and shared by their queues.
struct EncodedEvent: Sendable {
    let id: Int
    /// As a chunk of a chunked body.
    let chunk: [UInt8]
    /// Where in the chunk the event itself lies, for clients that know no chunks.
    let content: Range<Int>

    init(_ event: ServerSentEvent) {
        id = event.id
        var bytes: [UInt8] = []
        event.encode(into: &bytes)
        var output = OutputBuffer(capacity: bytes.count + 16)
        ResponseEncoder.encodeChunk(bytes, into: &output)
        chunk = Array(output.bytes)
        content = chunk.count - 2 - bytes.count..<chunk.count - 2
    }
}
