import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Testing

@testable import Service

struct AliasRoutesTests {
    private static let path = "/v1/models/emo/aliases/default"

    private func set(
        _ version: Int, _ service: TestService, _ path: String = Self.path, _ fields: HTTPFields = [:]
    ) async throws -> TestService.Reply {
        var fields = fields
        fields[.contentType] = "application/json"
        return try await service.send(.put, path, Array(#"{"version": \#(version)}"#.utf8), fields: fields)
    }

    private func answering(_ service: TestService, _ query: String = "") async throws -> Int? {
        try await service.post("/v1/models/emo/predict\(query)", #"{"clips": [{"audio": [[1, 2]]}]}"#)
            .json["model"]["version"].exactInteger
    }

    @Test func theDefaultAliasIsWhatAnswers() async throws {
        let service = try TestService.make()
        for _ in 1...3 { try await service.makeModel() }
        #expect(try await answering(service) == 3)
        let made = try await set(2, service)
        #expect(made.status == 201 && made.fields[.eTag] == "\"1\"")
        #expect(try await answering(service) == 2)
        #expect(try await answering(service, "?version=@default") == 2)
        #expect(try await answering(service, "?version=3") == 3)
        #expect(try await service.get("/v1/models/emo").json["aliases"] == .object(["default": .integer(2)]))
        // What is new does not answer until the alias is moved.
        try await service.makeModel()
        #expect(try await answering(service) == 2)
        let moved = try await set(4, service)
        #expect(moved.status == 200 && moved.fields[.eTag] == "\"2\"")
        #expect(try await answering(service) == 4)
        #expect(try await service.delete(Self.path).status == 204)
        try expectProblem(await service.get(Self.path), 404, "not_found")
        try expectProblem(
            await service.post("/v1/models/emo/predict?version=@default", #"{"clips": [{"audio": [[1, 2]]}]}"#), 404,
            "not_found")
    }

    @Test func isChangedOnlyAsItsClientKnowsIt() async throws {
        let service = try TestService.make()
        for _ in 1...2 { try await service.makeModel() }
        try expectProblem(await set(1, service, Self.path, [.ifMatch: "*"]), 412, "precondition_failed")
        #expect(try await set(1, service, Self.path, [.ifNoneMatch: "*"]).status == 201)
        try expectProblem(await set(2, service, Self.path, [.ifNoneMatch: "*"]), 412, "precondition_failed")
        try expectProblem(await set(2, service, Self.path, [.ifMatch: "\"9\""]), 412, "precondition_failed")
        #expect(try await answering(service) == 1)
        #expect(try await set(2, service, Self.path, [.ifMatch: "\"1\""]).status == 200)
        try expectProblem(
            await service.send(.delete, Self.path, fields: [.ifMatch: "\"1\""]), 412, "precondition_failed")
        #expect(try await service.send(.delete, Self.path, fields: [.ifMatch: "\"2\""]).status == 204)
        try expectProblem(await service.delete(Self.path), 404, "not_found")
        // An alias that is made again is not taken for the one there was.
        #expect(try await set(1, service).fields[.eTag] == "\"4\"")
        let shown = try await service.send(.get, Self.path, fields: [.ifNoneMatch: "\"4\""])
        #expect(shown.status == 304)
    }

    @Test func namesWhatIsWrong() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        try expectProblem(await set(2, service), 422, "unknown_version")
        try expectProblem(await set(1, service, "/v1/models/none/aliases/default"), 404, "not_found")
        try expectProblem(await set(1, service, "/v1/models/emo/aliases/-bad"), 404, "not_found")
        let reply = try await service.send(
            .put, Self.path, Array(#"{"version": "1"}"#.utf8), fields: [.contentType: "application/json"])
        #expect(try expectProblem(reply, 422, "invalid_request").keys.contains("/version"))
    }

    @Test func aVersionThatCannotBeLoadedDoesNotTakeOver() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let second = try await service.makeModel()
        #expect(try await set(1, service).status == 201)
        let weights = service.backend.directory.url("\(second.directory)/model.safetensors")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 3] ^= 1
        try bytes.write(to: weights)
        try expectProblem(await set(2, service), 503, "model_unreadable")
        #expect(try await answering(service) == 1)
        #expect(try await service.get(Self.path).json["version"] == .integer(1))
    }

    @Test func outlivesTheService() async throws {
        let service = try TestService.make()
        for _ in 1...2 { try await service.makeModel() }
        #expect(try await set(1, service).status == 201)
        let registry = try ModelRegistry(service.backend.models, logger: .quiet)
        #expect(registry.current("emo")?.number == 1 && registry.allCurrent.map(\.number) == [1])
        #expect(try await service.delete(Self.path).status == 204)
        #expect(try ModelRegistry(service.backend.models, logger: .quiet).current("emo")?.number == 2)
    }
}
