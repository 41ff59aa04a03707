import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

@Suite struct AccessRouteTests {
    @Test func tellsEveryoneWhatTheyMayAskFor() async throws {
        let service = try TestService.make()
        let open = try await service.get("/v1/access")
        #expect(open.fields[.cacheControl] == "no-store")
        #expect(try open.json["key_required"] == false && open.json["scopes"] == ["predict", "train", "admin"])

        let (_, secret) = try await service.backend.keys.create(KeyDraft(name: nil, scopes: [.train], rateLimit: nil))
        let none = try await service.get("/v1/access").json
        #expect(none["key_required"] == true && none["scopes"] == [])
        let fields: HTTPFields = [.authorization: "Bearer \(secret.text)"]
        let own = try await service.send(.get, "/v1/access", fields: fields).json
        #expect(own["key_required"] == true && own["scopes"] == ["predict", "train"])
        let wrong = try await service.send(.get, "/v1/access", fields: [.authorization: "Bearer lk_x"])
        try expectProblem(wrong, 401, "invalid_token")
    }
}
