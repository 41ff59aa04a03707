import HTTPTypes
import Jobs
import Testing

@testable import Service

struct ModelRegistryTests {
    @Test func followsTheStore() async throws {
        let service = try TestService.make()
        let registry = service.backend.registry
        #expect(registry.newest("emo") == nil)
        try await service.makeModel("emo")
        #expect(registry.newest("emo")?.number == 1)
        try await service.makeModel("emo")
        try await service.makeModel("able")
        try await service.makeModel("zoo")
        #expect(registry.newest("emo")?.number == 2 && registry.version(1, of: "emo")?.number == 1)
        #expect(registry.version(3, of: "emo") == nil && registry.version(1, of: "none") == nil)
        #expect(registry.list(after: nil, limit: 2).data.map(\.name) == ["able", "emo"])
        #expect(registry.list(after: nil, limit: 2).hasMore && !registry.list(after: "able", limit: 2).hasMore)
        #expect(registry.list(after: "b", limit: 9).data.map(\.name) == ["emo", "zoo"])
        #expect(registry.versions(of: "emo", after: nil, limit: 9).data.map(\.number) == [2, 1])
        #expect(registry.versions(of: "emo", after: nil, limit: 1).hasMore)
        #expect(registry.versions(of: "emo", after: 2, limit: 1).data.map(\.number) == [1])
        #expect(!registry.versions(of: "emo", after: 2, limit: 1).hasMore)
    }

    @Test func readsWhatIsThereAtTheStart() async throws {
        let service = try TestService.make()
        for _ in 1...11 { try await service.makeModel("emo") }
        let registry = try ModelRegistry(service.backend.models, logger: .quiet)
        #expect(registry.versions(of: "emo", after: nil, limit: 100).data.map(\.number) == Array((1...11).reversed()))
        #expect(registry.newest("emo")?.document == service.backend.registry.newest("emo")?.document)
    }

    @Test func knowsWhatAStoreRefused() async throws {
        let service = try TestService.make()
        try await service.makeModel("emo")
        let record = try #require(try await service.backend.models.newest("emo"))
        let draft = ModelDraft(name: "", digest: record.digest, directory: record.directory, document: .init("no".utf8))
        _ = try? await service.backend.models.register(draft)
        // What is no model of ours is not offered.
        #expect(service.backend.registry.list(after: nil, limit: 9).data.map(\.name) == ["emo"])
    }

    @Test func answersWithoutTheDatabase() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        try service.backend.database.close()
        let reply = try await service.post("/v1/models/emo/predict", #"{"clips": [{"audio": [[1, 2]]}]}"#)
        #expect(reply.status == 200)
        let shown = try await service.get("/v1/models/emo/versions/1")
        #expect(shown.status == 200)
        let tag = try #require(shown.fields[.eTag])
        for (field, status) in [
            (tag, 304), ("W/\(tag)", 304), ("\"a\", \(tag)", 304), ("*", 304), ("\"a\"", 200), ("", 200),
        ] {
            let reply = try await service.send(.get, "/v1/models/emo/versions/1", fields: [.ifNoneMatch: field])
            #expect(reply.status == status && reply.fields[.eTag] == tag)
        }
        for (field, status) in [(tag, 200), ("*", 200), ("\"a\", \(tag)", 200), ("\"a\"", 412), ("W/\(tag)", 412)] {
            let reply = try await service.send(.get, "/v1/models/emo/versions/1", fields: [.ifMatch: field])
            #expect(reply.status == status)
            if status == 412 { #expect(try reply.json["code"].text == "precondition_failed") }
        }
        #expect(try await service.get("/v1/models").status == 200)
    }
}
