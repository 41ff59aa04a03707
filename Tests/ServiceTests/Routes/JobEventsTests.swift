import Foundation
import HTTP
import HTTPTypes
import JSON
import Testing

@testable import Service

/// Streams of what happens to a job.
struct JobEventsTests {
    private static let stream: HTTPFields = [.accept: "application/json;q=0.1, Text/Event-Stream"]

    private func submit(_ service: TestService) async throws -> String {
        let dataset = try await service.makeSyntheticDataset()
        let job = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#).json
        return try #require(job["id"].text)
    }

    private func ids(_ text: String) -> [Int] {
        text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
    }

    @Test func goOnUntilTheJobIsOver() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try await submit(service))"
        let streams = (0..<20).map { index in
            Task {
                try await service.send(.get, "\(path)/events", fields: index < 10 ? Self.stream : Self.stream(after: 1))
            }
        }
        #expect(try await service.post("\(path)/cancel", "").status == 202)
        for (index, stream) in streams.enumerated() {
            let reply = try await stream.value
            #expect(reply.status == 200 && reply.fields[.contentType] == "text/event-stream")
            #expect(reply.fields[.cacheControl] == "no-store" && reply.fields[.vary] == "Accept")
            let text = String(decoding: reply.bytes, as: UTF8.self)
            #expect(ids(text) == (index < 10 ? [1, 2] : [2]), "\(text)")
            #expect(text.contains(#""kind":"state""#) && text.contains("cancelled"))
        }
        // The list has the same documents.
        let list = try await service.get("\(path)/events").json["data"]
        let whole = try await service.send(.get, "\(path)/events", fields: Self.stream)
        let data = String(decoding: whole.bytes, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("data: ") }
        #expect(try data.map { try JSONReader.value(Array($0.dropFirst(6).utf8)) } == list.elements)
        // Who has all of them is not to come again.
        #expect(try await service.send(.get, "\(path)/events", fields: Self.stream(after: 2)).status == 204)
        #expect(try await service.send(.head, "\(path)/events", fields: Self.stream).status == 200)
        try expectProblem(
            await service.send(.get, "/v1/jobs/job_none/events", fields: Self.stream), 404, "not_found")
        try expectProblem(
            await service.send(.get, "\(path)/events", fields: Self.stream(after: -1)), 400, "invalid_header")
    }

    private static func stream(after id: Int) -> HTTPFields {
        var fields = stream
        fields[HTTPField.Name("Last-Event-ID")!] = String(id)
        return fields
    }

    @Test func conditionsGuardCancellingAndDeleting() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try await submit(service))"
        let before = try #require(try await service.get(path).fields[.eTag])
        let wrong: HTTPFields = [.ifMatch: "\"0\""]
        try expectProblem(
            await service.send(.post, "\(path)/cancel", fields: wrong), 412, "precondition_failed")
        #expect(try await service.send(.post, "\(path)/cancel", fields: [.ifMatch: before]).status == 202)
        try expectProblem(
            await service.send(.delete, path, fields: [.ifMatch: before]), 412, "precondition_failed")
        let after = try #require(try await service.get(path).fields[.eTag])
        #expect(try await service.send(.delete, path, fields: [.ifMatch: after]).status == 204)
    }
}
