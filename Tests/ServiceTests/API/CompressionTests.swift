import Foundation
import HTTPTypes
import Platform
import Testing

@testable import HTTP
@testable import Service

/// Compressed bodies on their way in.
struct CompressionTests {
    private static func gzip(_ text: String) -> [UInt8] { GzipEncoder.encode(Array(text.utf8), level: 1) }

    @Test func documentsMayBeCompressed() async throws {
        let service = try TestService.make()
        let fields: HTTPFields = [.contentEncoding: "gzip"]
        let made = try await service.send(.post, "/v1/datasets", Self.gzip(#"{"name": "words"}"#), fields: fields)
        #expect(made.status == 201)
        let broken = try await service.send(.post, "/v1/datasets", Array("no gzip".utf8), fields: fields)
        try expectProblem(broken, 400, "malformed_content")
        let large = Self.gzip(String(repeating: " ", count: 2 << 20) + "{}")
        try expectProblem(await service.send(.post, "/v1/datasets", large, fields: fields), 413, "body_too_large")
        let other = try await service.send(.post, "/v1/datasets", [1], fields: [.contentEncoding: "br"])
        try expectProblem(other, 415, "unknown_content_coding")
        #expect(other.fields[.acceptEncoding] == "gzip, deflate")
    }

    @Test func theSameBodyIsTheSameJobHoweverItIsSent() async throws {
        let service = try TestService.make()
        let body = #"{"dataset": "\#(try await service.makeSyntheticDataset())", "model": "emo"}"#
        let plain = try await service.post("/v1/jobs", body, fields: [.idempotencyKey: "k"])
        let packed = try await service.send(
            .post, "/v1/jobs", Self.gzip(body), fields: [.idempotencyKey: "k", .contentEncoding: "gzip"])
        #expect(try packed.status == 201 && packed.json["id"] == plain.json["id"])
    }

    @Test func predictionsAreReadCompressed() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let body = #"{"clips": [{"id": "c", "text": [[1, 2, 3]], "audio": [[1, 2]]}]}"#
        let plain = try await service.post("/v1/models/emo/predict", body)
        let packed = try await service.send(
            .post, "/v1/models/emo/predict", Self.gzip(body), fields: [.contentEncoding: "gzip"])
        #expect(packed.status == 200)
        #expect(try packed.json["predictions"] == plain.json["predictions"])
    }

    /// The digest is of what is sent (RFC 9530 section 2), what is kept is what it was before.
    @Test func digestsAreOfTheContentAsItIsSent() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(#", "labels": ["happy", "sad"]"#)
        let text = #"{"text": [[1, 2]], "labels": ["happy"]}"#
        func fields(_ digested: [UInt8]) -> HTTPFields {
            let hex = SHA256.digest(of: digested).dropFirst("sha256:".count)
            let bytes = stride(from: 0, to: 64, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16) ?? 0 }
            return [
                .contentType: "application/x-ndjson", .contentEncoding: "gzip",
                .contentDigest: "sha-256=:\(Data(bytes).base64EncodedString()):",
            ]
        }
        let packed = Self.gzip(text)
        try expectProblem(
            await service.put("train", id, packed, fields: fields(Array(text.utf8))), 422, "digest_mismatch")
        let reply = try await service.put("train", id, packed, fields: fields(packed))
        #expect(reply.status == 201)
        #expect(try reply.json["splits"]["train"]["digest"].text == SHA256.digest(of: Array(text.utf8)))
    }

    @Test func weightsComeInRanges() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let path = "/v1/models/emo/versions/1/weights"
        let whole = try await service.get(path)
        #expect(whole.status == 200 && whole.fields[.acceptRanges] == "bytes")
        let part = try await service.send(.get, path, fields: [.range: "bytes=8-15"])
        #expect(part.status == 206 && part.bytes == Array(whole.bytes[8..<16]))
        try expectProblem(
            await service.send(.get, path, fields: [.range: "bytes=999999999-"]), 416, "range_not_satisfiable")
        let tag = try #require(whole.fields[.eTag])
        #expect(try await service.send(.get, path, fields: [.ifNoneMatch: tag]).status == 304)
    }
}
