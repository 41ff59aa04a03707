import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Testing

@testable import Service

struct EvaluationRoutesTests {
    private static let clips = [
        #"{"id": "a", "audio": [[1, 2]], "text": [[1, 0, -1], [2, 1, 0]], "labels": [1, 0]}"#,
        #"{"id": "b", "audio": [[0, -2], [1, 1]], "text": [[0, 3, -1]], "labels": [0, 1]}"#,
        #"{"id": "c", "audio": [[0.5, 2]], "text": [[1, -1, -1]], "labels": [1, 1]}"#,
    ]

    private func dataset(_ service: TestService, _ lines: [String] = Self.clips) async throws -> String {
        let id = try await service.makeDataset()
        let reply = try await service.put(
            "test", id, Array(lines.joined(separator: "\n").utf8), fields: [.contentType: "application/x-ndjson"])
        #expect(reply.status == 201, "\(String(decoding: reply.bytes, as: UTF8.self))")
        return id
    }

    private func evaluate(_ service: TestService, _ body: String, version: Int = 1) async throws -> TestService.Reply {
        try await service.post("/v1/models/emo/versions/\(version)/evaluate", body)
    }

    /// The evaluation, once it is over.
    private func result(_ service: TestService, _ place: String) async throws -> JSONValue {
        while true {
            let json = try await service.get("\(place)?wait=60").json
            guard let status = json["status"].text, ["queued", "running"].contains(status) else { return json }
        }
    }

    @Test func measuresAVersionOnASplit() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let id = try await dataset(service)
        let runner = Task { await EvaluationRunner(backend: service.backend).run() }
        let added = try await evaluate(service, #"{"dataset": "\#(id)", "threshold": 0.25}"#)
        #expect(added.status == 202)
        let place = try #require(added.fields[.location])
        let json = try await result(service, place)
        #expect(json["status"].text == "succeeded" && json["clips"] == .integer(3))
        #expect(json["thresholds"]["values"] == .array([.number(0.25), .number(0.25)]))
        let curves = json["curves"].elements
        #expect(curves.compactMap { $0["label"].text } == ["happy", "sad"])
        #expect(curves.allSatisfy { $0["roc"].elements.last?["true_positive_rate"].double == 1 })
        #expect(
            curves.allSatisfy { $0["reliability"].elements.reduce(0) { $0 + ($1["clips"].exactInteger ?? 0) } == 3 })
        #expect(json["model"].text == "emo" && json["split"].text == "test" && json["dataset"].text == id)
        // The same as of a prediction, counted here.
        let reply = try await service.post(
            "/v1/models/emo/predict",
            #"{"threshold": 0.25, "clips": [\#(Self.clips.joined(separator: ","))]}"#)
        let truth = [["happy"], ["sad"], ["happy", "sad"]].map(Set.init)
        let predicted = try reply.json["predictions"].elements.map { Set($0["labels"].elements.compactMap(\.text)) }
        let overlap = zip(predicted, truth).map { $0.intersection($1).count }.reduce(0, +)
        let total = (predicted + truth).map(\.count).reduce(0, +)
        let f1 = try #require(json["metrics"]["micro_f1"].double)
        #expect(abs(f1 - Double(2 * overlap) / Double(total)) < 1e-6)
        runner.cancel()
        await runner.value
    }

    @Test func waitsForItsTurnAndOutlivesTheService() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let id = try await dataset(service)
        let places = try await [1, 2].asyncMap { _ in
            try #require(try await evaluate(service, #"{"dataset": "\#(id)"}"#).fields[.location])
        }
        // An earlier server was at the first.
        _ = try await service.backend.evaluations.takeNext()
        #expect(try await service.get(places[0]).json["status"].text == "running")
        #expect(try await service.get(places[1]).json["status"].text == "queued")
        let runner = Task { await EvaluationRunner(backend: service.backend).run() }
        for place in places { #expect(try await result(service, place)["status"].text == "succeeded") }
        runner.cancel()
        await runner.value
        let page = try await service.get("/v1/evaluations?model=emo&version=1&limit=1").json
        #expect(page["has_more"] == true)
        let newest = try #require(page["data"][0]["id"].text)
        #expect(places[1] == "/v1/evaluations/\(newest)")
        let rest = try await service.get("/v1/evaluations?model=emo&after=\(newest)").json
        #expect(rest["data"].elements.count == 1 && rest["has_more"] == false)
        #expect(try await service.get("/v1/evaluations?model=other").json["data"].elements.isEmpty)
    }

    @Test func failsWhenItEndsTheServerEachTime() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let id = try await dataset(service)
        let places = try await [1, 2].asyncMap { _ in
            try #require(try await evaluate(service, #"{"dataset": "\#(id)"}"#).fields[.location])
        }
        let store = service.backend.evaluations
        let first = try #require(try await store.takeNext()).id
        // Put back, it does not count.
        for _ in 0..<10 {
            try await store.putBack(first)
            #expect(try await store.takeNext()?.id == first)
        }
        for _ in 1..<EvaluationStore.maximumAttempts { #expect(try await store.takeNext()?.id == first) }
        #expect(try await store.takeNext()?.id != first)
        let json = try await service.get(places[0]).json
        #expect(json["status"].text == "failed" && json["error"].text?.contains("3 times") == true)
        #expect(try await service.get(places[1]).json["status"].text == "running")
    }

    @Test func failsForASplitThatIsNotThereAnyMore() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let id = try await dataset(service)
        let place = try #require(try await evaluate(service, #"{"dataset": "\#(id)"}"#).fields[.location])
        #expect(try await service.delete("/v1/datasets/\(id)").status == 204)
        let runner = Task { await EvaluationRunner(backend: service.backend).run() }
        let json = try await result(service, place)
        #expect(json["status"].text == "failed" && json["error"].text?.contains("not there") == true)
        runner.cancel()
        await runner.value
    }

    @Test func namesWhatIsWrong() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let id = try await dataset(service)
        let other = try await dataset(service, [#"{"audio": [[1, 2, 3]], "text": [[1, 2, 3]], "labels": [1, 0]}"#])
        let few = try await dataset(service, [#"{"audio": [[1, 2]], "text": [[1, 2, 3]], "labels": [1]}"#])
        for (body, code, pointer) in [
            (#"{"dataset": "ds_none"}"#, "unknown_dataset", "/dataset"),
            (#"{"dataset": "\#(id)", "split": "train"}"#, "unknown_split", "/split"),
            (#"{"dataset": "\#(id)", "split": "all"}"#, "invalid_request", "/split"),
            (#"{"dataset": "\#(other)"}"#, "dataset_mismatch", "/dataset"),
            (#"{"dataset": "\#(few)"}"#, "dataset_mismatch", "/dataset"),
            (#"{"dataset": "\#(id)", "threshold": 2}"#, "invalid_request", "/threshold"),
            (#"{"dataset": "\#(id)", "threshold": "tuned"}"#, "invalid_request", "/threshold"),
        ] {
            #expect(try expectProblem(await evaluate(service, body), 422, code).keys.contains(pointer), "\(body)")
        }
        try expectProblem(await evaluate(service, #"{"dataset": "\#(id)"}"#, version: 2), 404, "not_found")
        try expectProblem(await service.get("/v1/evaluations/ev_none"), 404, "not_found")
        try expectProblem(await service.get("/v1/evaluations?after=ev_none"), 400, "invalid_query")
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
