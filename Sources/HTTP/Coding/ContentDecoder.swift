import HTTPTypes

/// Decodes the content of a request in pieces, so that it costs bounded memory whatever becomes of it.
struct ContentDecoder {
    private static let pieceSize = 64 * 1024

    /// What may come of a content however small it is, in bytes, and of each of its bytes beyond: what is more is made to fill
    /// memory or disk.
    private static let freely = 64 << 20
    private static let mostOfByte = 200

    private let decompressor: GzipDecoder
    private let limit: Int
    private var room: Int
    /// Bytes taken and made so far.
    private var (taken, made) = (0, 0)
    private var input: ArraySlice<UInt8> = []

    /// - Parameters:
    ///   - coding: gzip or deflate.
    ///   - limit: bytes that may come of it.
    init(_ coding: ContentCoding = .gzip, limit: Int) {
        decompressor = GzipDecoder(isGzip: coding == .gzip)
        (self.limit, room) = (limit, limit)
    }

    /// All of a content.
    static func decode(
        _ bytes: [UInt8], _ coding: ContentCoding = .gzip, limit: Int
    ) throws(RequestError) -> [UInt8] {
        var decoder = ContentDecoder(coding, limit: limit)
        decoder.take(bytes)
        var output: [UInt8] = []
        while let piece = try decoder.next() { output += piece }
        try decoder.finish()
        return output
    }

    /// To be called when ``next()`` has nothing more.
    mutating func take(_ bytes: [UInt8]) {
        input = bytes[...]
        taken += bytes.count
    }

    /// The next piece; nil when it takes more content to go on.
    mutating func next() throws(RequestError) -> [UInt8]? {
        let piece: [UInt8]
        do throws(GzipError) { piece = try decompressor.decode(&input, limit: Self.pieceSize) } catch {
            throw .corruptContent
        }
        guard piece.count <= room else { throw .bodyTooLarge(limit: limit) }
        room -= piece.count
        made += piece.count
        guard made <= Self.freely + Self.mostOfByte * taken else { throw .inflatedTooMuch }
        return piece.isEmpty ? nil : piece
    }

    /// There is no more content.
    func finish() throws(RequestError) {
        guard decompressor.isWhole else { throw .truncatedContent }
    }
}

extension RequestError {
    static var unknownContentCoding: RequestError {
        var error = RequestError(
            .unsupportedMediaType, code: "unknown_content_coding",
            detail: "Content-Encoding must be gzip, deflate or identity, and only one of them")
        error.fields[.acceptEncoding] = "gzip, deflate"
        return error
    }

    static let corruptContent = RequestError(
        .badRequest, code: "malformed_content",
        detail: "the body is not compressed as Content-Encoding says, or has something behind it")
    static let inflatedTooMuch = RequestError(
        .contentTooLarge, code: "body_too_large",
        detail: "the body becomes more than 200 times as large when it is decompressed")
    static let truncatedContent = RequestError(
        .badRequest, code: "malformed_content", detail: "the body ends before the end of what was compressed")
}
