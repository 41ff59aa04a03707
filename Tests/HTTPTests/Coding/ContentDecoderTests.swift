import HTTPTypes
import Testing

@testable import HTTP

/// Contents of requests that are compressed (RFC 1952).
struct ContentDecoderTests {
    private static let text = Array((0..<20_000).map { "\($0 % 977) " }.joined().utf8)

    private static func gzip(_ bytes: [UInt8]) -> [UInt8] { GzipEncoder.encode(bytes, level: 1) }

    private func decode(_ bytes: [UInt8], by count: Int, limit: Int = .max) throws -> [UInt8] {
        var decoder = ContentDecoder(limit: limit)
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: count) {
            decoder.take(Array(bytes[start..<min(start + count, bytes.count)]))
            while let piece = try decoder.next() {
                #expect(piece.count <= 64 << 10)
                output += piece
            }
        }
        try decoder.finish()
        return output
    }

    @Test(arguments: [1, 7, 1000, 1 << 20])
    func isTheSameHoweverItIsCut(_ count: Int) throws {
        let two = Self.gzip(Self.text) + Self.gzip([]) + Self.gzip([1, 2, 3])
        #expect(try decode(two, by: count) == Self.text + [1, 2, 3])
        #expect(try decode([], by: count) == [])
    }

    @Test func refusesWhatIsNoGzip() {
        let good = Self.gzip(Self.text)
        var flipped = good
        flipped[good.count / 2] ^= 1
        var wrongSum = good
        wrongSum[good.count - 5] ^= 1
        for (bytes, error) in [
            (flipped, RequestError.corruptContent), (wrongSum, .corruptContent), (good + [0, 0], .corruptContent),
            (good + Array("garbage".utf8), .corruptContent), (Array("no gzip".utf8), .corruptContent),
            (good.dropLast(), .truncatedContent), (Array(good.prefix(1)), .truncatedContent),
            (good + [0x1F], .truncatedContent),
        ] {
            for count in [1, 1 << 20] { #expect(throws: error) { try decode(bytes, by: count) } }
        }
    }

    /// 100 MB of zeros, in 100 kB.
    @Test func stopsAtTheLimit() throws {
        var bomb: [UInt8] = []
        let encoder = GzipEncoder(level: 6)
        for _ in 0..<100 { bomb += encoder.encode([UInt8](repeating: 0, count: 1 << 20), isLast: false) }
        bomb += encoder.encode([], isLast: true)
        #expect(bomb.count < 1 << 18)
        #expect(throws: RequestError.bodyTooLarge(limit: 1000)) { try ContentDecoder.decode(bomb, limit: 1000) }
        // Also where files of any size are taken.
        #expect(throws: RequestError.inflatedTooMuch) { try ContentDecoder.decode(bomb, limit: .max).count }
        let exact = Self.gzip(Self.text)
        #expect(try ContentDecoder.decode(exact, limit: Self.text.count) == Self.text)
        #expect(throws: RequestError.self) { try ContentDecoder.decode(exact, limit: Self.text.count - 1) }
    }

    @Test(arguments: ["gzip", "GZip", "x-gzip", ", gzip ,"])
    func bodiesAreReadAsTheyWere(_ coding: String) async throws {
        var router = Router()
        router.on(.post, "/whole", body: .buffered(limit: 1 << 20)) { Response(body: .bytes(try $0.body.bytes)) }
        router.on(
            .post, "/pieces", body: .streamed(limit: 1 << 20),
            handler: { request in
                var body: [UInt8] = []
                for try await piece in request.body.stream { body += piece }
                return Response(body: .bytes(body))
            })
        for path in ["/whole", "/pieces"] {
            let request = Request(.post, path, fields: [.contentEncoding: coding], body: Self.gzip(Self.text))
            let body = try await router.respond(to: request).body.collect()
            #expect(body == Self.text)
        }
    }

    /// What `python3 -c "import zlib; print(zlib.compress(b'sad, happy, sad, happy'))"` makes, and not the bare algorithm.
    @Test func deflateIsTheFormatOfZlib() async throws {
        var router = Router()
        router.on(.post, "/", body: .buffered(limit: 100)) { Response(body: .bytes(try $0.body.bytes)) }
        let zlib: [UInt8] = [
            0x78, 0x9C, 0x2B, 0x4E, 0x4C, 0xD1, 0x51, 0xC8, 0x48, 0x2C, 0x28, 0xA8, 0xD4, 0x51, 0x28, 0x86, 0xB3, 0x01,
            0x55, 0xAE, 0x07, 0x99,
        ]
        let whole = await router.respond(to: Request(.post, "/", fields: [.contentEncoding: "deflate"], body: zlib))
        #expect(try await whole.body.collect() == Array("sad, happy, sad, happy".utf8))
        for broken in [Array(zlib.dropFirst(2)), zlib + [0], zlib.dropLast()] {
            let response = await router.respond(
                to: Request(.post, "/", fields: [.contentEncoding: "deflate"], body: broken))
            #expect(response.status == .badRequest)
        }
    }

    @Test func otherCodingsAreRefusedBeforeTheBody() async throws {
        var router = Router()
        router.on(.post, "/", body: .buffered(limit: 100)) { Response(body: .bytes(try $0.body.bytes)) }
        router.on(.post, "/none", handler: { _ in Response() })
        for coding in ["br", "gzip, gzip", "identity, gzip", "gzip, deflate", "zgzip"] {
            for path in ["/", "/none"] {
                var request = Request(.post, path, fields: [.contentEncoding: coding], body: [1])
                // Where no body is taken it does not matter what it is.
                if path == "/" { #expect(throws: RequestError.unknownContentCoding) { try router.resolve(&request) } }
                let response = await router.respond(to: request)
                #expect(response.status == (path == "/" ? .unsupportedMediaType : .ok))
                #expect(response.fields[.acceptEncoding] == (path == "/" ? "gzip, deflate" : nil))
            }
        }
        let plain = await router.respond(to: Request(.post, "/", fields: [.contentEncoding: "Identity"], body: [1]))
        #expect(plain.status == .ok)
    }
}
