import HTTPTypes
import JSON
import Testing

@testable import Service

struct DatasetRoutesTests {
    @Test func makesAndShowsADataset() async throws {
        let service = try TestService.make()
        let made = try await service.post(
            "/v1/datasets",
            #"{"name": "films", "modalities": {"text": 300, "audio": 74}, "labels": ["happy", "sad"]}"#
        )
        #expect(made.status == 201)
        let id = try #require(try made.json["id"].text)
        #expect(made.fields[.location] == "/v1/datasets/\(id)")
        let shown = try await service.get("/v1/datasets/\(id)").json
        #expect(try shown == made.json)
        #expect(shown["status"].text == "empty")
        #expect(
            shown["modalities"][0]["name"].text == "audio" && shown["modalities"][0]["feature_size"] == .integer(74)
        )
        #expect(shown["labels"] == .array([.string("happy"), .string("sad")]))
    }

    @Test func takesModalitiesAsTheyAreShown() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(#", "modalities": [{"name": "text", "feature_size": 3}]"#)
        #expect(try await service.get("/v1/datasets/\(id)").json["modalities"][0]["feature_size"] == .integer(3))
    }

    @Test(arguments: [
        (#"{}"#, "/name"), (#"{"name": 1}"#, "/name"), (#"{"name": ""}"#, "/name"), (#"[]"#, ""),
        (#"{"name": "a", "colour": 1}"#, "/colour"), (#"{"name": "a", "labels": []}"#, "/labels"),
        (#"{"name": "a", "labels": ["x", "x"]}"#, "/labels/1"), (#"{"name": "a", "labels": ["x", 1]}"#, "/labels/1"),
        (#"{"name": "a", "modalities": {"labels": 3}}"#, "/modalities/labels"),
        (#"{"name": "a", "modalities": {"text": 0}}"#, "/modalities/text"),
        (#"{"name": "a", "modalities": {"text": 1.5}}"#, "/modalities/text"),
        (#"{"name": "a", "modalities": {"../x": 1}}"#, "/modalities/..~1x"),
        (#"{"name": "a", "modalities": "text"}"#, "/modalities"),
    ])
    func refuses(body: String, pointer: String) async throws {
        let service = try TestService.make()
        let errors = try expectProblem(try await service.post("/v1/datasets", body), 422, "invalid_request")
        #expect(errors.keys.contains(pointer), "\(errors)")
    }

    @Test func saysWhereJSONIsMalformed() async throws {
        let service = try TestService.make()
        let reply = try await service.post("/v1/datasets", #"{"name": "a",, }"#)
        try expectProblem(reply, 400, "malformed_json")
        #expect(try reply.json["detail"].text?.contains("line 1, column 14") == true)
    }

    @Test func listsPageByPage() async throws {
        let service = try TestService.make()
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await service.makeDataset()) }
        var seen: [String] = []
        var query = "?limit=2"
        var hasMore = true
        while hasMore {
            let page = try await service.get("/v1/datasets\(query)").json
            #expect(page["object"].text == "list")
            seen += page["data"].elements.compactMap { $0["id"].text }
            hasMore = page["has_more"] == .bool(true)
            query = "?limit=2&after=\(seen.last ?? "")"
        }
        #expect(seen == ids.reversed())
    }

    @Test(arguments: ["?limit=0", "?limit=x", "?limit=100000", "?after=ds_none"])
    func refusesAQuery(query: String) async throws {
        let service = try TestService.make()
        try expectProblem(try await service.get("/v1/datasets\(query)"), 400, "invalid_query")
    }

    @Test func deletesADatasetWithItsFiles() async throws {
        let service = try TestService.make()
        let id = try await service.makeSyntheticDataset()
        #expect(try service.files(in: "datasets").count == 7)
        #expect(try await service.send(.delete, "/v1/datasets/\(id)").status == 204)
        #expect(try service.files(in: "datasets").isEmpty)
        try expectProblem(try await service.get("/v1/datasets/\(id)"), 404, "not_found")
        try expectProblem(try await service.send(.delete, "/v1/datasets/\(id)"), 404, "not_found")
    }

    @Test func keepsADatasetThatAJobUses() async throws {
        let service = try TestService.make()
        let id = try await service.makeSyntheticDataset()
        #expect(try await service.post("/v1/jobs", #"{"dataset": "\#(id)", "model": "emo"}"#).status == 201)
        try expectProblem(try await service.send(.delete, "/v1/datasets/\(id)"), 409, "dataset_in_use")
        try expectProblem(try await service.put("train", id, [1]), 409, "dataset_in_use")
        #expect(try await service.get("/v1/datasets/\(id)").json["immutable"] == .bool(true))
    }
}
