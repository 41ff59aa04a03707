import Emotion

/// Clips in JSON, read from lines with one or more clips each or from a single document.
struct ClipLines {
    /// A clip or what is wrong with it.
    struct Item {
        /// Where it comes from, counted from 1.
        let line: Int
        let id: String?
        /// Its place in the line or document, a JSON pointer.
        let pointer: String
        let clip: Result<Clip, ClipError>
    }

    /// Bytes of a line or document.
    static let limit = 1 << 30

    private let source: LineSource
    private let decoder: ClipDecoder
    private var line = 0
    /// Decoded and not handed out yet.
    private var waiting: [Item] = []
    private(set) var hasSeenClips = false

    init(source: LineSource, configuration: ModelConfiguration) {
        self.source = source
        var limits = ClipDecoder.Limits()
        limits.bytes = Self.limit
        limits.clips = 1 << 20
        decoder = ClipDecoder(
            modalities: configuration.modalities,
            ignoresLabels: true,
            replacesNonfinite: configuration.hyperparameters.replaceNonfinite,
            limits: limits
        )
    }

    /// The next clips: those of all lines that are there already, but at least one. Nil at the end.
    ///
    /// - Parameter name: what is read, for errors.
    /// - Throws: ``Failure`` when the input cannot be read, or is a document that cannot be used at all.
    mutating func next(atMost count: Int, name: String) throws -> [Item]? {
        while waiting.count < count, waiting.isEmpty || source.hasLine {
            guard let bytes = try source.next() else { break }
            line += 1
            if bytes.allSatisfy(Self.isBlank) { continue }
            if !hasSeenClips, Self.leavesBracketOpen(bytes) {
                try readDocument(bytes, name: name)
            } else {
                readLine(bytes)
            }
            hasSeenClips = true
        }
        guard !waiting.isEmpty else { return nil }
        defer { waiting.removeFirst(min(count, waiting.count)) }
        return Array(waiting.prefix(count))
    }

    private mutating func readLine(_ bytes: [UInt8]) {
        do throws(ClipError) {
            append(try decode(bytes))
        } catch {
            waiting.append(Item(line: line, id: nil, pointer: error.pointer, clip: .failure(error)))
        }
    }

    private mutating func readDocument(_ bytes: [UInt8], name: String) throws {
        let document = try bytes + [UInt8(ascii: "\n")] + source.rest()
        do throws(ClipError) {
            append(try decode(document))
        } catch {
            throw Failure(.badData, "\(name): \(error)")
        }
    }

    private mutating func append(_ request: ClipDecoder.Request) {
        for (index, (clip, id)) in zip(request.clips, request.ids).enumerated() {
            waiting.append(Item(line: line, id: id, pointer: request.pointer(ofClip: index), clip: clip))
        }
    }

    private func decode(_ bytes: [UInt8]) throws(ClipError) -> ClipDecoder.Request {
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(ClipError) in try decoder.decodeClips(buffer) }
        }
        return try outcome.get()
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    /// Whether more brackets and braces are opened than closed, strings left out.
    private static func leavesBracketOpen(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        var isString = false
        var isEscaped = false
        for byte in bytes {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return depth > 0
    }
}
