import Emotion
import Foundation
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import HTTP
@testable import Service

/// `/v2/repository`
struct RepositoryRoutesTests {
    private static func states(_ service: TestService, _ body: String = "{}") async throws -> [String] {
        try await service.post("/v2/repository/index", body).json.elements.map { entry in
            [entry["name"], entry["version"], entry["state"], entry["reason"]].compactMap(\.text).joined(separator: " ")
        }
    }

    @Test func loadsAndUnloads() async throws {
        let service = try TestService.make()
        try await service.makeModel("a")
        try await service.makeModel("b")
        try await service.makeModel("b")
        #expect(try await Self.states(service) == ["a 1 READY", "b 1 READY", "b 2 READY"])
        #expect(service.backend.predictor.cache.usage.models == 0)
        #expect(try await service.send(.post, "/v2/repository/models/b/load").status == 200)
        #expect(service.backend.predictor.cache.usage.models == 1)
        let body = #"{"parameters": {"unload_dependents": false}}"#
        #expect(try await service.post("/v2/repository/models/b/unload", body).status == 200)
        #expect(service.backend.predictor.cache.usage.models == 0)
        #expect(
            try await Self.states(service) == ["a 1 READY", "b 1 UNAVAILABLE unloaded", "b 2 UNAVAILABLE unloaded"])
        #expect(try await Self.states(service, #"{"ready": true}"#) == ["a 1 READY"])
        try expectProblem(await service.get("/v2/models/b/ready"), 503, "model_not_ready")
        let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#
        try expectProblem(await service.post("/v1/models/b/predict", clip), 503, "model_unloaded")
        #expect(try await service.send(.post, "/v2/repository/models/b/load").status == 200)
        #expect(try await service.post("/v1/models/b/predict", clip).status == 200)
        #expect(try await service.get("/v2/models/b/ready").status == 200)
        try expectProblem(await service.get("/v2/models/b/versions/1/ready"), 503, "model_not_ready")
    }

    @Test func tellsWhyAModelIsNotReady() async throws {
        let service = try TestService.make()
        let record = try await service.makeModel()
        let file = service.backend.directory.url("\(record.directory)/\(ModelDirectory.weightsName)")
        try FileManager.default.removeItem(at: file)
        let reply = try await service.send(.post, "/v2/repository/models/emo/load")
        try expectProblem(reply, 503, "model_unreadable")
        let states = try await Self.states(service)
        #expect(states.count == 1 && states[0].hasPrefix("emo 1 UNAVAILABLE version 1 of model emo cannot be loaded"))
    }

    @Test(arguments: [
        ("index", #"{"raedy": true}"#, 422), ("index", #"{"ready": 1}"#, 422), ("index", "{", 400),
        ("models/emo/load", #"{"parameters": {"config": "{}"}}"#, 422), ("models/none/load", "{}", 404),
        ("models/emo/unload", #"{"parameters": {"mood": 1}}"#, 422), ("models/none/unload", "{}", 404),
    ])
    func refuses(path: String, body: String, status: Int) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        #expect(try await service.post("/v2/repository/\(path)", body).status == status)
    }

    @Test func theBodyOfAnIndexMayBeLeftOut() async throws {
        let service = try TestService.make()
        let reply = try await service.send(.post, "/v2/repository/index")
        #expect(reply.status == 200 && reply.bytes == Array("[]".utf8))
    }
}
