import HTTPTypes

@testable import HTTP

/// What a decoder said about a stream of bytes, with the pieces of each body joined.
enum Decoded: Equatable {
    case head(RequestHead)
    case expectContinue
    case body(String)
    case end
    case failure(Int)
}

extension RequestDecoder {
    /// Decodes `pieces` one after another.
    static func decode(
        _ pieces: [[UInt8]],
        limits: RequestLimits = RequestLimits(),
        bodyLimit: Int = .max
    ) -> [Decoded] {
        var decoder = RequestDecoder(limits: limits)
        decoder.bodyLimit = bodyLimit
        var events: [Decoded] = []
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                var offset = 0
                while let event = decoder.next(bytes, at: &offset) {
                    switch event {
                    case .head(let head): events.append(.head(head))
                    case .expectContinue: events.append(.expectContinue)
                    case .end: events.append(.end)
                    case .failure(let error): events.append(.failure(error.status.code))
                    case .body(let range):
                        let text = String(decoding: bytes[range], as: UTF8.self)
                        if case .body(let before) = events.last {
                            events[events.count - 1] = .body(before + text)
                        } else {
                            events.append(.body(text))
                        }
                    }
                }
            }
        }
        return events
    }

    static func decode(
        _ text: String,
        limits: RequestLimits = RequestLimits(),
        bodyLimit: Int = .max
    ) -> [Decoded] {
        decode([Array(text.utf8)], limits: limits, bodyLimit: bodyLimit)
    }

    /// The status of the failure that `text` ends in, or nil if it ends well.
    static func failure(
        _ text: String,
        limits: RequestLimits = RequestLimits(),
        bodyLimit: Int = .max
    ) -> Int? {
        guard case .failure(let status) = decode(text, limits: limits, bodyLimit: bodyLimit).last else { return nil }
        return status
    }
}
