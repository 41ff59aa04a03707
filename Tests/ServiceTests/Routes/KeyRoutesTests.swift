import HTTP
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

struct KeyRoutesTests {
    private func fields(_ secret: String) -> HTTPFields { [.authorization: "Bearer \(secret)"] }

    /// Without a look at the same request afterwards, which is not let any more.
    private func sendOnce(_ service: TestService, _ request: Request) async throws -> (status: Int, json: JSONValue) {
        let response = await service.router.respond(to: request)
        let bytes = try await response.body.collect()
        return (response.status.code, bytes.isEmpty ? .null : try JSONReader.value(bytes))
    }

    @Test func keysAreMadeListedAndRevoked() async throws {
        let service = try TestService.make()
        let body = #"{"name": "ops", "scopes": ["admin"], "rate_limit": 600}"#
        let made = try await sendOnce(
            service, Request(.post, "/v1/keys", fields: [.contentType: "application/json"], body: Array(body.utf8)))
        #expect(made.status == 201)
        let secret = try #require(made.json["key"].text)
        let id = try #require(made.json["id"].text)
        #expect(made.json["scopes"] == ["admin"] && made.json["rate_limit"] == .integer(600))
        // The first one has closed the service.
        try expectProblem(try await service.get("/v1/keys"), 401, "missing_token")
        let second = try await service.post("/v1/keys", #"{"scopes": ["predict", "train"]}"#, fields: fields(secret))
        #expect(second.status == 201 && second.fields[.cacheControl] == "no-store")
        let other = try #require(try second.json["key"].text)
        try expectProblem(
            try await service.send(.get, "/v1/keys", fields: fields(other)), 403, "insufficient_scope")
        let list = try await service.send(.get, "/v1/keys?limit=1", fields: fields(secret)).json
        #expect(list["data"][0]["id"] == (try second.json["id"]) && list["has_more"] == true)
        #expect(list["data"][0]["key"] == .null && list["data"][0]["scopes"] == ["predict", "train"])
        let rest = try await service.send(
            .get, "/v1/keys?after=\(list["data"][0]["id"].text ?? "")", fields: fields(secret)
        ).json
        #expect(rest["data"][0]["name"] == "ops" && rest["has_more"] == false)
        for _ in 0..<2 {
            let target = "/v1/keys/\(try second.json["id"].text ?? "")"
            #expect(try await service.send(.delete, target, fields: fields(secret)).status == 204)
        }
        try expectProblem(try await service.send(.get, "/v1/jobs", fields: fields(other)), 401, "invalid_token")
        try expectProblem(try await service.send(.delete, "/v1/keys/x", fields: fields(secret)), 404, "not_found")
        #expect(try await sendOnce(service, Request(.delete, "/v1/keys/\(id)", fields: fields(secret))).status == 204)
        try expectProblem(try await service.send(.get, "/v1/keys", fields: fields(secret)), 401, "invalid_token")
    }

    @Test(arguments: [
        ("{}", "/scopes"), (#"{"scopes": []}"#, "/scopes"), (#"{"scopes": ["root"]}"#, "/scopes/0"),
        (#"{"scopes": ["none"]}"#, "/scopes/0"), (#"{"scopes": ["train", "train"]}"#, "/scopes/1"),
        (#"{"scopes": ["train"], "name": ""}"#, "/name"), (#"{"scopes": ["train"], "name": "a\u0007"}"#, "/name"),
        (#"{"scopes": ["train"], "rate_limit": 0}"#, "/rate_limit"), (#"{"scopes": ["train"], "key": "x"}"#, "/key"),
    ])
    func whatIsWrongIsNamed(body: String, pointer: String) async throws {
        let service = try TestService.make()
        let errors = try expectProblem(try await service.post("/v1/keys", body), 422, "invalid_request")
        #expect(Array(errors.keys) == [pointer])
        #expect(try service.backend.keyStore.all().isEmpty)
    }
}
