import HTTPTypes
import JSON
import Testing

@testable import HTTP
@testable import Service

/// Clips that come as lines and are answered as lines.
struct PredictStreamTests {
    private static let path = "/v1/models/emo/predict"
    private static let type: HTTPFields = [.contentType: "application/x-ndjson; charset=utf-8"]

    private static func lines(_ bytes: [UInt8]) throws -> [JSONValue] {
        try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONReader.value(Array($0)) }
    }

    @Test func answersInOrderWithTheLineOfEachError() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let body = """
            {"id": "a", "audio": [[1, 2]]}

            {"id": "b", "audio": [[1]]}
            nonsense
            [1]
            {"id": "c", "text": [[1, 2, 3]]}
            """
        let reply = try await service.post(Self.path, body, fields: Self.type)
        #expect(reply.status == 200)
        let lines = try Self.lines(reply.bytes)
        #expect(lines.map { $0["id"].text } == ["a", "b", nil, nil, "c"])
        #expect(lines.map { $0["line"] } == [.null, .integer(3), .integer(4), .integer(5), .null])
        #expect(lines[1]["error"]["pointer"].text == "/audio/0" && lines[1]["error"]["code"].text == "bad_shape")
        #expect(lines[2]["error"]["code"].text == "malformed_json" && lines[3]["error"]["code"].text == "bad_clip")
        #expect(lines[4]["missing"] == ["audio"])
    }

    @Test func answersAsManyAsCome() async throws {
        let service = try TestService.make { $0.maxPredictions = 1 }
        try await service.makeModel()
        let body = (0..<1000).map { #"{"id": "\#($0)", "audio": [[\#($0), 1]]}"# }.joined(separator: "\n")
        let reply = try await service.post(Self.path + "?top_k=1", body, fields: Self.type)
        let lines = try Self.lines(reply.bytes)
        #expect(lines.map { $0["id"].text ?? "" } == (0..<1000).map(String.init))
        #expect(lines.allSatisfy { $0["probabilities"].members.count == 1 })
    }

    @Test func whatGoesWrongOnTheWayIsTheLastLine() async throws {
        let service = try TestService.make { $0.maxPredictSize = 100 }
        try await service.makeModel()
        let long = #"{"id": "\#(String(repeating: "x", count: 100))", "audio": [[1, 2]]}"#
        let reply = try await service.post(Self.path, "{\"audio\": [[1, 2]]}\n\(long)\n", fields: Self.type)
        let lines = try Self.lines(reply.bytes)
        #expect(lines.count == 2 && lines[0]["error"] == .null)
        #expect(lines[1]["error"]["code"].text == "too_large" && lines[1]["line"] == .integer(2))
        var fields = Self.type
        fields[.contentEncoding] = "gzip"
        let broken = try Self.lines(try await service.post(Self.path, "no gzip", fields: fields).bytes)
        #expect(broken.count == 1 && broken[0]["error"]["code"].text == "malformed_content")
    }

    @Test func isRefusedByItsHeadWhenThereAreTooMany() async throws {
        let service = try TestService.make { $0.maxPredictions = 0 }
        try await service.makeModel()
        let reply = try await service.post(Self.path, "{\"audio\": [[1, 2]]}\n{}", fields: Self.type)
        try expectProblem(reply, 429, "overloaded")
    }

    @Test func refusesBeforeTheFirstLine() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let clip = #"{"audio": [[1, 2]]}"#
        try expectProblem(await service.post("/v1/models/none/predict", clip, fields: Self.type), 404, "not_found")
        try expectProblem(await service.post(Self.path + "?top_k=0", clip, fields: Self.type), 400, "invalid_query")
        var fields = Self.type
        fields[.accept] = "application/json"
        try expectProblem(await service.post(Self.path, clip, fields: fields), 406, "not_acceptable")
        fields = Self.type
        fields[HTTPField.Name("X-Request-Timeout-Ms")!] = "soon"
        try expectProblem(await service.post(Self.path, clip, fields: fields), 400, "invalid_header")
    }
}
