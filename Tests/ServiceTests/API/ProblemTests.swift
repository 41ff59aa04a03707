import HTTPTypes
import JSON
import Testing

@testable import HTTP
@testable import Service

struct ProblemTests {
    /// An answer to a bad request is bounded, whatever the request says.
    @Test(arguments: [
        (#"{"clips": [{"text": [[1, 2, 3]]}], "NAME": 1}"#, 1), (#"{"clips": [{"NAME": [[1]]}]}"#, 1),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "threshold": "NAME"}"#, 1), ("[\"NAME\"]", 1), ("NAME", 1),
        (#"{"clips": [{"text": [[1, 2, 3]]}], MEMBERS}"#, 1000), ("{\"clips\": [CLIPS]}", 1000),
    ])
    func neverOutweighsWhatWasAsked(_ body: String, _ total: Int) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let name = String(repeating: #"~/é\u0001"#, count: 20_000)
        let body = body.replacing("NAME", with: name)
            .replacing("MEMBERS", with: (0..<1000).map { "\"m\($0)\": 1" }.joined(separator: ","))
            .replacing("CLIPS", with: Array(repeating: "3", count: 1000).joined(separator: ","))
        let reply = try await service.post("/v1/models/emo/predict", body)
        #expect(reply.status == 422 || reply.status == 400)
        #expect(reply.bytes.count < 10_000, "\(reply.bytes.count)")
        if reply.status == 422 {
            let json = try reply.json
            #expect(json["errors"].elements.count == min(total, 20) && json["errors_total"] == .integer(total))
        }
    }

    @Test(arguments: [
        #"{"name": "NAME"}"#, #"{"name": "a", "NAME": 1}"#, #"{"name": "a", "modalities": {"NAME": 1}}"#,
        #"{"name": "a", "labels": ["NAME"]}"#, #"{"name": "a", "labels": ["ok", "NAME"], "modalities": {"x": "NAME"}}"#,
        #"{"NAME": {"NAME": 1, "NAME": 2}}"#,
    ])
    func neverOutweighsADocument(_ body: String) async throws {
        let service = try TestService.make()
        let body = body.replacing("NAME", with: String(repeating: "/ß", count: 20_000))
        for target in ["/v1/datasets", "/v1/jobs"] {
            let reply = try await service.post(target, body)
            #expect(reply.status == 422 || reply.status == 400)
            #expect(reply.bytes.count < 10_000, "\(reply.bytes.count)")
        }
    }

    @Test func neverRepeatsALongQueryOrHost() async throws {
        let service = try TestService.make()
        let long = String(repeating: "x", count: 4000)
        for target in ["/v1/jobs?\(long)=1", "/v1/jobs?status=\(long)", "/v1/jobs/\(long)", "/v1/models/\(long)"] {
            #expect(try await service.get(target).bytes.count < 3000)
        }
        #expect(try await service.send(.get, "/v1/jobs", fields: [.host: long]).bytes.count < 1000)
    }

    @Test func escapesPointers() {
        #expect(FieldError.pointer("/a", "b/c~d") == "/a/b~1c~0d")
        #expect(FieldError.pointer("", "") == "/")
        #expect(FieldError.pointer("", "é\u{1}") == "/é\u{1}")
        #expect(FieldError.pointer("", "~1") == "/~01")
    }
}
