import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// Answers that are compressed for clients that take it.
struct CompressedAnswersTests {
    private static let text = (0..<1000).map { "line \($0)\n" }.joined()
    private static let tag = #""v1""#

    private func router() -> Router {
        var router = Router()
        let answer: @Sendable (Request) throws -> Response = { request in
            try request.notModified(Self.tag) ?? .text(Self.text, fields: [.eTag: Self.tag])
        }
        router.on(.get, "/immediate", immediate: answer)
        router.on(.get, "/task", handler: { try answer($0) })
        router.on(.get, "/deferred", deferred: { request, responder in responder.respond { try answer(request) } })
        router.on(
            .get, "/stream",
            handler: { _ in
                Response(
                    fields: [.contentType: "application/problem+json"],
                    body: .stream { writer in
                        let bytes = Array(Self.text.utf8)
                        for start in stride(from: 0, to: bytes.count, by: 2000) {
                            try await writer.write(Array(bytes[start...].prefix(2000)))
                        }
                    })
            })
        router.on(.get, "/small", immediate: { _ in .text("small") })
        router.on(
            .get, "/picture",
            immediate: { _ in .text(Self.text, fields: [.contentType: "image/png"]) })
        return router
    }

    private func ask(_ client: TestClient, _ line: String, _ fields: String) async throws -> TestClient.RawReply {
        try await client.send("\(line) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
        return try await client.rawReply(toHead: line.hasPrefix("HEAD"))
    }

    @Test func allKindsOfHandlersAreServed() async throws {
        try await withServer(router()) { address, _ in
            let client = try TestClient(address)
            for path in ["/immediate", "/task", "/deferred", "/stream"] {
                let reply = try await ask(client, "GET \(path)", "Accept-Encoding: gzip")
                #expect(reply.fields["content-encoding"] == "gzip" && reply.fields["vary"] == "Accept-Encoding")
                #expect(reply.fields["etag"] == (path == "/stream" ? nil : #""v1-gzip""#))
                #expect(reply.body.count < Self.text.utf8.count)
                #expect(try ContentDecoder.decode(reply.body, limit: .max) == Array(Self.text.utf8))
                let head = try await ask(client, "HEAD \(path)", "Accept-Encoding: gzip")
                for name in ["content-encoding", "content-length", "etag", "vary", "content-type"] {
                    #expect(head.fields[name] == reply.fields[name])
                }
                let plain = try await ask(client, "GET \(path)", "Accept-Encoding: gzip;q=0")
                #expect(plain.fields["content-encoding"] == nil && plain.fields["vary"] == "Accept-Encoding")
                #expect(plain.fields["etag"] == (path == "/stream" ? nil : #""v1""#))
                #expect(plain.body == Array(Self.text.utf8))
            }
            for path in ["/small", "/picture"] {
                let reply = try await ask(client, "GET \(path)", "Accept-Encoding: gzip")
                #expect(reply.fields["content-encoding"] == nil && reply.fields["vary"] == nil)
            }
        }
    }

    @Test func conditionsKnowBothTags() async throws {
        try await withServer(router()) { address, _ in
            let client = try TestClient(address)
            for (fields, status, tag) in [
                (#"If-None-Match: "v1-gzip""#, 200, #""v1""#),
                ("Accept-Encoding: gzip\r\nIf-None-Match: \"v1-gzip\"", 304, #""v1-gzip""#),
                ("Accept-Encoding: gzip\r\nIf-None-Match: \"v1\"", 304, #""v1""#),
                ("Accept-Encoding: gzip\r\nIf-None-Match: \"v2-gzip\"", 200, #""v1-gzip""#),
                ("Accept-Encoding: gzip\r\nIf-Match: \"v1\"", 200, #""v1-gzip""#),
                (#"If-Match: "v1-gzip""#, 200, #""v1""#), (#"If-Match: "v2""#, 412, nil),
            ] as [(String, Int, String?)] {
                let reply = try await ask(client, "GET /task", fields)
                #expect(reply.status == status && reply.fields["etag"] == tag, "\(fields)")
            }
        }
    }

    @Test func filesAreCompressedOnceAndRangesAreOfThePlainFile() async throws {
        let scratch = try ScratchDirectory()
        _ = try scratch.write("a.js", Self.text.utf8)
        _ = try scratch.write("a.png", Self.text.utf8)
        var router = Router()
        router.files(under: "/", directory: scratch.path)
        func get(_ path: String, _ fields: HTTPFields) async -> Response {
            await router.respond(to: Request(.get, path, fields: fields))
        }
        let plain = await get("/a.js", [:])
        let tag = try #require(plain.fields[.eTag])
        #expect(plain.fields[.vary] == "Accept-Encoding" && plain.fields[.contentEncoding] == nil)
        for _ in 0..<2 {
            let packed = await get("/a.js", [.acceptEncoding: "gzip"])
            #expect(packed.fields[.contentEncoding] == "gzip" && packed.fields[.vary] == "Accept-Encoding")
            #expect(packed.fields[.eTag] == tag.dropLast() + "-gzip\"")
            #expect(try await ContentDecoder.decode(packed.body.collect(), limit: .max) == Array(Self.text.utf8))
        }
        for fields: HTTPFields in [[.range: "bytes=5-7"], [.range: "bytes=5-7", .ifRange: tag]] {
            var fields = fields
            fields[.acceptEncoding] = "gzip"
            let part = await get("/a.js", fields)
            #expect(part.status == .partialContent && part.fields[.contentEncoding] == nil)
            #expect(part.fields[.eTag] == tag)
            #expect(try await part.body.collect() == Array(Self.text.utf8.dropFirst(5).prefix(3)))
        }
        let other = await get(
            "/a.js", [.acceptEncoding: "gzip", .range: "bytes=5-7", .ifRange: tag.dropLast() + "-gzip\""])
        #expect(other.status == .ok)
        #expect(await get("/a.png", [.acceptEncoding: "gzip"]).fields[.contentEncoding] == nil)
        // Another file in its place is another one.
        _ = try scratch.write("a.js", "x\(Self.text)".utf8)
        let next = await get("/a.js", [.acceptEncoding: "gzip"])
        #expect(try await ContentDecoder.decode(next.body.collect(), limit: .max) == Array("x\(Self.text)".utf8))
    }

    @Test func compressedFilesAreBounded() throws {
        let scratch = try ScratchDirectory()
        let cache = CompressedFiles(limit: 5000)
        for index in 0..<50 {
            // Such bytes stay as long as they are.
            let path = try scratch.write("\(index)", (0..<2000).map { _ in UInt8.random(in: 0...255) })
            let file = try OpenFile(path: path)
            #expect(try cache.bytes(of: file, at: path) != nil)
            #expect(cache.byteCount <= 5000)
        }
        #expect(cache.byteCount > 4000)
    }
}
