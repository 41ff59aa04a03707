import HTTPTypes
import JSON
import Testing

@testable import Service

@Suite struct SplitContentRoutesTests {
    private static let lines = [
        #"{"id": "a", "audio": [[1, 2]], "text": [[1, 0, -1], [2, 1, 0.5]], "labels": [1, 0]}"#,
        #"{"id": "b", "audio": null, "text": [[0, 3, -1]], "labels": [1, 1]}"#,
    ]

    private func dataset(_ service: TestService) async throws -> String {
        let id = try await service.makeDataset()
        let reply = try await service.put(
            "test", id, Array(Self.lines.joined(separator: "\n").utf8), fields: [.contentType: "application/x-ndjson"])
        #expect(reply.status == 201)
        return id
    }

    @Test func clipsAreShownAsTheyWereUploaded() async throws {
        let service = try TestService.make()
        let id = try await dataset(service)
        let first = try await service.get("/v1/datasets/\(id)/splits/test/clips").json
        #expect(first["total"] == .integer(2) && first["has_more"] == true && first["data"].elements.count == 1)
        let rest = try await service.get("/v1/datasets/\(id)/splits/test/clips?first=1&count=100").json
        #expect(rest["has_more"] == false)
        for (line, clip) in zip(Self.lines, first["data"].elements + rest["data"].elements) {
            let sent = try JSONReader.value(Array(line.utf8))
            #expect(clip["id"] == sent["id"] && clip["labels"] == sent["labels"])
            for name in ["audio", "text"] {
                let units = { (value: JSONValue) in value[name].elements.map { $0.elements.compactMap(\.double) } }
                #expect(units(clip) == units(sent))
            }
        }
        #expect(rest["data"][0]["audio"] == .null)
        let beyond = try await service.get("/v1/datasets/\(id)/splits/test/clips?first=9").json
        #expect(beyond["data"].elements.isEmpty && beyond["total"] == .integer(2))
    }

    @Test func aClipThatFitsInNoAnswerIsRefused() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let unit = "[" + [String](repeating: "0", count: 1 << 19).joined(separator: ",") + "]"
        let lines = ["[\(unit)]", "[\(unit), \(unit), \(unit)]"].map { #"{"text": \#($0), "labels": [1, 0]}"# }
        let reply = try await service.put(
            "test", id, Array(lines.joined(separator: "\n").utf8), fields: [.contentType: "application/x-ndjson"])
        #expect(reply.status == 201)
        let path = "/v1/datasets/\(id)/splits/test/clips"
        let first = try await service.get("\(path)?count=2").json
        #expect(first["data"].elements.count == 1 && first["has_more"] == true)
        try expectProblem(await service.get("\(path)?first=1"), 422, "clip_too_large")
    }

    @Test func countsLengthsAndPairs() async throws {
        let service = try TestService.make()
        let id = try await dataset(service)
        let counts = try await service.get("/v1/datasets/\(id)/splits/test/counts").json
        #expect(counts["clips"] == .integer(2))
        #expect(
            counts["lengths"].elements.map { $0["counts"] } == [
                [.integer(1), .integer(1)], [.integer(0), .integer(1), .integer(1)],
            ])
        #expect(counts["pairs"] == [[.integer(2), .integer(1)], [.integer(1), .integer(1)]])
    }

    @Test func whatIsNotThereIsSaid() async throws {
        let service = try TestService.make()
        let id = try await dataset(service)
        for target in ["\(id)/splits/train/clips", "\(id)/splits/all/clips", "ds_none/splits/test/counts"] {
            try expectProblem(try await service.get("/v1/datasets/\(target)"), 404, "not_found")
        }
        try expectProblem(try await service.get("/v1/datasets/\(id)/splits/test/clips?count=101"), 400, "invalid_query")
    }
}
