import Glibc

/// Decodes the requests of one connection: bytes in, events out (RFC 9112).
///
/// Call ``next(_:at:)`` until it returns nil, then again when there are more bytes. Every byte looked at is consumed,
/// partial lines are kept here. Where the stream is cut into pieces changes nothing but the pieces of `body` events.
/// After a `failure` there are no more events: answer and close, for the end of the request is not known.
struct RequestDecoder: Sendable {
    enum Event: Sendable, Equatable {
        /// The limit for the body may be set before the next call.
        case head(RequestHead)
        /// The client waits for `100 Continue` before it sends the body.
        case expectContinue
        /// A piece of the body: where it lies in the bytes given to this call.
        case body(Range<Int>)
        case end
        case failure(RequestError)
    }

    enum State: Sendable, Equatable {
        case requestLine(emptyLines: Int)
        case fields
        case announced
        case length(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd(afterReturn: Bool)
        case trailers
        case ended
        case failed
    }

    let limits: RequestLimits
    /// Bytes the body of the current request may have. Set anew for each request, after its `head` event.
    var bodyLimit = Int.max

    private(set) var state = State.requestLine(emptyLines: 0)
    var head = RequestHead()
    var framing = FramingFields()
    /// Where the line being read starts in `head.fields.bytes`.
    private var lineStart = 0
    /// Where the field lines start in `head.fields.bytes`.
    private var fieldsStart = 0
    /// A chunk-size or trailer line being read.
    private var line: [UInt8] = []
    private var bodyCount = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    /// Empty lines before a request line that are let pass (RFC 9112 §2.2).
    private static let maxEmptyLines = 4

    init(limits: RequestLimits = RequestLimits()) {
        self.limits = limits
    }

    /// True between two requests, when not even a part of the next one is there.
    var isIdle: Bool {
        guard case .requestLine = state else { return false }
        return head.fields.bytes.isEmpty
    }

    /// What is still to come of a body of known length; nil for others.
    var remainingLength: Int? {
        switch (state, head.framing) {
        case (.length(let remaining), _): remaining
        case (.announced, .length(let length)): length
        default: nil
        }
    }

    /// Consumes bytes of `input` from `offset` on, up to the next event. Returns nil when all are consumed without one.
    mutating func next(_ input: UnsafeRawBufferPointer, at offset: inout Int) -> Event? {
        do {
            return try advance(input, &offset)
        } catch {
            state = .failed
            return .failure(error == .lineTooLong ? longLineError : error)
        }
    }

    private mutating func advance(
        _ input: UnsafeRawBufferPointer,
        _ offset: inout Int
    ) throws(RequestError) -> Event? {
        while true {
            switch state {
            case .requestLine(let emptyLines):
                guard let end = try takeHeadLine(input, &offset, limit: limits.requestLine, tooLong: .lineTooLong)
                else { return nil }
                if end == 0 {
                    guard emptyLines < Self.maxEmptyLines else { throw .malformed("empty lines before the request") }
                    head.fields.bytes.removeAll(keepingCapacity: true)
                    state = .requestLine(emptyLines: emptyLines + 1)
                } else {
                    try parseRequestLine(0..<end)
                    nextHeadLine()
                    fieldsStart = lineStart
                    state = .fields
                }
            case .fields:
                let limit = max(0, limits.headerBytes - (lineStart - fieldsStart))
                guard let end = try takeHeadLine(input, &offset, limit: limit, tooLong: .headerTooLarge)
                else { return nil }
                if end > lineStart {
                    guard head.fields.slots.count < limits.headerCount else { throw .headerTooLarge }
                    try parseFieldLine(lineStart..<end)
                    nextHeadLine()
                } else {
                    try finishHead()
                    state = .announced
                    return .head(takeHead())
                }
            default:
                return try advanceBody(input, &offset)
            }
        }
    }

    private mutating func nextHeadLine() {
        lineStart = head.fields.bytes.count
    }

    /// Hands out the head and keeps what the body needs of it.
    private mutating func takeHead() -> RequestHead {
        var finished = RequestHead()
        swap(&finished, &head)
        head.framing = finished.framing
        head.expectsContinue = finished.expectsContinue
        framing = FramingFields()
        lineStart = 0
        return finished
    }

    // MARK: Lines

    /// Moves bytes of the current head line; when it is complete, returns where it ends before CR LF.
    private mutating func takeHeadLine(
        _ input: UnsafeRawBufferPointer,
        _ offset: inout Int,
        limit: Int,
        tooLong: RequestError
    ) throws(RequestError) -> Int? {
        if head.fields.bytes.isEmpty, offset < input.count {
            head.fields.bytes.reserveCapacity(min(input.count - offset, 1024))
        }
        return try Self.takeLine(input, &offset, into: &head.fields.bytes, from: lineStart, limit, tooLong)
    }

    /// The same for chunk-size and trailer lines; `line` starts with the line and is emptied by the caller.
    private mutating func takeBodyLine(
        _ input: UnsafeRawBufferPointer,
        _ offset: inout Int,
        limit: Int,
        tooLong: RequestError
    ) throws(RequestError) -> Int? {
        try Self.takeLine(input, &offset, into: &line, from: 0, limit, tooLong)
    }

    /// Looks at no more than `limit` bytes and CR LF of the line, so that the verdict does not depend on how it is cut.
    private static func takeLine(
        _ input: UnsafeRawBufferPointer,
        _ offset: inout Int,
        into bytes: inout [UInt8],
        from start: Int,
        _ limit: Int,
        _ tooLong: RequestError
    ) throws(RequestError) -> Int? {
        let room = limit + 2 - (bytes.count - start)
        let visible = min(input.count - offset, room)
        guard visible > 0 else { return nil }
        let unread = input.baseAddress! + offset
        let end = memchr(unread, Int32(UInt8.lineFeed), visible)
        let count = end.map { UnsafeRawPointer($0) - unread + 1 } ?? visible
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: unread, count: count))
        offset += count
        guard end != nil else {
            if count == room { throw tooLong }
            return nil
        }
        guard bytes.count >= start + 2, bytes[bytes.count - 2] == .carriageReturn else {
            throw .malformed("a line ends in LF without CR")
        }
        return bytes.count - 2
    }

    // MARK: Bodies

    private mutating func advanceBody(
        _ input: UnsafeRawBufferPointer,
        _ offset: inout Int
    ) throws(RequestError) -> Event? {
        while true {
            switch state {
            case .announced:
                if let event = try startBody() { return event }
            case .length(let remaining):
                guard let piece = take(input, &offset, remaining) else { return nil }
                state = piece.count == remaining ? .ended : .length(remaining: remaining - piece.count)
                return .body(piece)
            case .chunkData(let remaining):
                guard let piece = take(input, &offset, remaining) else { return nil }
                let isWhole = piece.count == remaining
                state = isWhole ? .chunkEnd(afterReturn: false) : .chunkData(remaining: remaining - piece.count)
                return .body(piece)
            case .chunkSize:
                guard
                    let end = try takeBodyLine(
                        input,
                        &offset,
                        limit: limits.chunkLine,
                        tooLong: .malformed("a chunk-size line is too long")
                    )
                else { return nil }
                try startChunk(ChunkLine(line[..<end]))
                line.removeAll(keepingCapacity: true)
            case .chunkEnd(let afterReturn):
                guard offset < input.count else { return nil }
                guard input[offset] == (afterReturn ? .lineFeed : .carriageReturn) else {
                    throw .malformed("a chunk is longer than its size")
                }
                offset += 1
                state = afterReturn ? .chunkSize : .chunkEnd(afterReturn: true)
            case .trailers:
                let limit = limits.headerBytes - trailerBytes
                guard let end = try takeBodyLine(input, &offset, limit: limit, tooLong: .headerTooLarge)
                else { return nil }
                if end == 0 { state = .ended } else { try checkTrailer(line[..<end]) }
                line.removeAll(keepingCapacity: true)
            case .ended:
                state = .requestLine(emptyLines: 0)
                head = RequestHead()
                return .end
            case .requestLine, .fields, .failed:
                return nil
            }
        }
    }

    private mutating func startBody() throws(RequestError) -> Event? {
        (bodyCount, extensionBytes, trailerBytes, trailerCount) = (0, 0, 0, 0)
        switch head.framing {
        case .none, .length(0):
            state = .ended
            return nil
        case .length(let length):
            guard length <= bodyLimit else { throw .bodyTooLarge(limit: bodyLimit) }
            state = .length(remaining: length)
        case .chunked:
            state = .chunkSize
        }
        return head.expectsContinue ? .expectContinue : nil
    }

    private mutating func startChunk(_ chunk: ChunkLine) throws(RequestError) {
        extensionBytes += chunk.extensionCount
        guard extensionBytes <= limits.chunkExtensions else { throw .malformed("too many chunk extensions") }
        guard chunk.size <= bodyLimit - bodyCount else { throw .bodyTooLarge(limit: bodyLimit) }
        bodyCount += chunk.size
        state = chunk.size == 0 ? .trailers : .chunkData(remaining: chunk.size)
    }

    /// Trailers are checked like fields and dropped.
    private mutating func checkTrailer(_ line: ArraySlice<UInt8>) throws(RequestError) {
        trailerBytes += line.count + 2
        trailerCount += 1
        guard trailerCount <= limits.headerCount, trailerBytes <= limits.headerBytes else { throw .headerTooLarge }
        _ = try line.withUnsafeBufferPointer { (line) throws(RequestError) in try FieldLine(line) }
    }

    private func take(_ input: UnsafeRawBufferPointer, _ offset: inout Int, _ limit: Int) -> Range<Int>? {
        let count = min(limit, input.count - offset)
        guard count > 0 else { return nil }
        defer { offset += count }
        return offset..<(offset + count)
    }
}
