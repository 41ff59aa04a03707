import Engine
import Foundation
import JSON
import Jobs
import TestSupport
import Testing

@testable import Service

/// Streams of the events of a training, over sockets.
struct JobStreamTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// An event as a client of a stream or a list has got it.
    private struct Event: Equatable {
        let id: Int
        let document: JSONValue
    }

    /// Listens again and again, each time for about as many bytes as chance says, until there is no more to come.
    private static func listen(port: Int, path: String, seed: UInt64) async throws -> [Event] {
        var generator = PhiloxGenerator(Philox(seed: seed, step: 0, operation: 0))
        var events: [Event] = []
        while true {
            let answer = try await exchange(
                port: port,
                """
                GET \(path) HTTP/1.1\r
                Host: localhost\r
                Accept: text/event-stream\r
                Last-Event-ID: \(events.last?.id ?? 0)\r
                Connection: close\r
                \r

                """, limit: .random(in: 1...4000, using: &generator))
            if answer.hasPrefix("HTTP/1.1 204") { return events }
            // What follows the last empty line is not whole.
            for block in answer.replacing("\r\n", with: "\n").components(separatedBy: "\n\n").dropLast() {
                let fields = block.split(separator: "\n")
                guard let id = fields.first(where: { $0.hasPrefix("id: ") }).flatMap({ Int($0.dropFirst(4)) }),
                    let data = fields.first(where: { $0.hasPrefix("data: ") })
                else { continue }
                try events.append(Event(id: id, document: JSONReader.value(Array(data.dropFirst(6).utf8))))
            }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func listenersThatComeAndGoGetWhatTheListHas() async throws {
        let data = scratch.file("data")
        let path = try await {
            let service = try TestService.make()
            let dataset = try await service.makeSyntheticDataset()
            let size = #""d_model": 8, "heads": 1, "feed_forward": 8, "unimodal_blocks": 1, "multimodal_blocks": 1"#
            let job = try await service.post(
                "/v1/jobs",
                #"{"dataset": "\#(dataset)", "model": "emo", "hyperparameters": {\#(size), "epochs": 100}}"#)
            try service.backend.database.close()
            try FileManager.default.copyItem(at: service.directory, to: URL(filePath: data))
            return "/v1/jobs/\(try #require(try job.json["id"].text))/events"
        }()
        let server = try ServerProcess(data, ["--port", "0"])
        let port = server.port
        let heard = try await withThrowingTaskGroup(of: [Event].self) { group in
            for seed: UInt64 in 1...8 {
                group.addTask { try await Self.listen(port: port, path: path, seed: seed) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var listed: [Event] = []
        var hasMore = true
        while hasMore {
            let page = try await server.get("\(path)?after=\(listed.count)&limit=7")
            let json = try JSONReader.value(Array(try #require(page.components(separatedBy: "\r\n\r\n").last).utf8))
            for document in json["data"].elements {
                guard case .integer(let id) = document["sequence"] else { break }
                listed.append(Event(id: id, document: document))
            }
            hasMore = json["has_more"] == JSONValue.bool(true)
        }
        #expect(listed.map(\.id) == Array(1...listed.count) && listed.count > 100)
        for events in heard { #expect(events == listed) }
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
    }
}
