import Emotion
import Foundation
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

/// What is told of splits that are taken, and values that are not finite from the upload to the prediction.
struct SplitWarningsTests {
    private static let lines: HTTPFields = [.contentType: "application/x-ndjson"]

    /// Lines of clips with ids from `first` on; `text` is what their features are made of.
    private static func lines(_ count: Int, from first: Int = 0, text: (Int) -> String = { "[[\($0 + 1), 2], [3, 4]]" })
        -> [UInt8]
    {
        let lines = (first..<first + count).map { index in
            #"{"id": "c\#(index)", "labels": [\#(index % 2), \#((index + 1) % 2)], "text": \#(text(index))}"#
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    private static func codes(_ reply: TestService.Reply, _ split: String) throws -> [String] {
        try reply.json["splits"][split]["report"]["warnings"].elements.compactMap { $0["code"].text }
    }

    @Test func tellsOfPaddingOnTheLeft() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let body = Self.lines(6) { "[[0, 0], [\($0 + 1), \(2 * $0 + 1)]]" }
        let reply = try await service.put("train", id, body, fields: Self.lines)
        #expect(reply.status == 201)
        let warnings = try reply.json["splits"]["train"]["report"]["warnings"]
        #expect(warnings[0]["code"].text == "padding_left" && warnings[0]["count"] == .integer(6))
        #expect(warnings[0]["field"].text == "text" && warnings[0]["examples"].elements.count == 5)
        #expect(warnings[0]["examples"][0].text == "clip 0 (c0)")
        #expect(warnings[0]["detail"].text?.contains("padded on the left") == true)
        #expect(try await service.get("/v1/datasets/\(id)").json["splits"] == reply.json["splits"])
    }

    @Test func tellsOfClipsInTwoSplitsAsTheyAre() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        _ = try await service.put("train", id, Self.lines(6), fields: Self.lines)
        let leaking = try await service.put("test", id, Self.lines(6, from: 4), fields: Self.lines)
        #expect(try Self.codes(leaking, "test").suffix(2) == ["shared_id", "shared_rows"])
        let warning = try leaking.json["splits"]["test"]["report"]["warnings"].elements.last
        #expect(warning?["field"].text == "train" && warning?["count"] == .integer(2))
        // Another training split is another answer.
        let replaced = try await service.put("train", id, Self.lines(6, from: 20), fields: Self.lines)
        #expect(replaced.status == 200)
        #expect(try Self.codes(replaced, "test").allSatisfy { !$0.hasPrefix("shared") })
        let again = try await service.put("train", id, Self.lines(6), fields: Self.lines)
        #expect(try Self.codes(again, "train").contains("shared_id"))
        #expect(try Self.codes(again, "test").contains("shared_id"))
    }

    @Test(arguments: [(#", "replace_nonfinite": true"#, ""), ("", "?replace_nonfinite=true")])
    func takesValuesThatAreNotFinite(members: String, query: String) async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(members)
        let body = Self.lines(6) { $0 == 3 ? "[[null, 1e39], [3, 4]]" : "[[\($0), 2], [3, 5]]" }
        let reply = try await service.put("train\(query)", id, body, fields: Self.lines)
        #expect(reply.status == 201)
        let report = try reply.json["splits"]["train"]["report"]
        #expect(report["replaced_values"] == .integer(2))
        let warning = report["warnings"].elements.first { $0["code"].text == "nonfinite" }
        #expect(warning?["count"] == .integer(2))
        #expect(try reply.json["replace_nonfinite"] == .bool(query.isEmpty))
    }

    @Test func refusesThemOtherwise() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(#", "replace_nonfinite": true"#)
        let body = Self.lines(6) { $0 == 3 ? "[[null, 1e39]]" : "[[\($0), 2]]" }
        let refused = try await service.put("train?replace_nonfinite=false", id, body, fields: Self.lines)
        try expectProblem(refused, 422, "invalid_split")
        #expect(try refused.json["detail"].text?.contains("replace_nonfinite") == true)
        try expectProblem(
            await service.put("train?replace_nonfinite=yes", id, body, fields: Self.lines), 400, "invalid_query")
        let made = try await service.post("/v1/datasets", #"{"name": "a", "replace_nonfinite": 1}"#)
        #expect(try expectProblem(made, 422, "invalid_request").keys.contains("/replace_nonfinite"))
    }

    /// A data set of which one value was replaced, by its id.
    private static func dataset(_ service: TestService) async throws -> String {
        let id = try await service.makeDataset(#", "replace_nonfinite": true"#)
        for (split, count) in [("train", 12), ("valid", 6)] {
            let body = Self.lines(count, from: split == "train" ? 0 : 50) {
                $0 == 3 ? "[[null, 1e39], [3, 4]]" : "[[\($0), 2], [3, 5]]"
            }
            #expect(try await service.put(split, id, body, fields: Self.lines).status == 201)
        }
        return id
    }

    @Test func aJobTakesItOverFromTheDataset() async throws {
        let service = try TestService.make()
        let id = try await Self.dataset(service)
        let reply = try await service.post("/v1/jobs", #"{"dataset": "\#(id)", "model": "emo"}"#)
        #expect(reply.status == 201)
        #expect(try reply.json["hyperparameters"]["replace_nonfinite"] == .bool(true))
        let refused = try await service.post(
            "/v1/jobs", #"{"dataset": "\#(id)", "model": "emo", "hyperparameters": {"replace_nonfinite": false}}"#)
        let errors = try expectProblem(refused, 422, "invalid_request")
        #expect(errors["/hyperparameters/replace_nonfinite"]?.hasPrefix("must be true") == true)
    }

    @Test func aModelThatReplacesPredictsWhatIsNotFinite() async throws {
        let service = try TestService.make()
        for replaces in [true, false] {
            let name = replaces ? "lenient" : "strict"
            try await service.makeModel(name) { $0.replaceNonfinite = replaces }
            func probabilities(_ text: String) async throws -> JSONValue {
                let reply = try await service.post(
                    "/v1/models/\(name)/predict", #"{"clips": [{"text": [\#(text)], "audio": [[1, 2]]}]}"#)
                #expect(reply.status == (replaces ? 200 : 422))
                return try reply.json["predictions"][0]["probabilities"]
            }
            let answers = [try await probabilities("[1, null, 1e39]"), try await probabilities("[1, -1e39, null]")]
            if replaces {
                let zeros = try await service.post(
                    "/v1/models/lenient/predict", #"{"clips": [{"text": [[1, 0, 0]], "audio": [[1, 2]]}]}"#)
                let expected = try zeros.json["predictions"][0]["probabilities"]
                #expect(answers == [expected, expected])
            }
        }
    }

    @Test func namesInAnArchiveAreThoseOfTheDataset() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        func archive(_ names: String) throws -> [UInt8] {
            let file = URL.temporary()
            defer { try? FileManager.default.removeItem(at: file) }
            let writer = try NPZWriter(path: file.path)
            try writer.add("text", shape: [2, 1, 1], [1, 2] as [Float])
            try writer.add("labels", shape: [2, 2], [1, 0, 0, 1] as [UInt8])
            try writer.add("label_names", names.split(separator: ",").map(String.init))
            try writer.close()
            return Array(try Data(contentsOf: file))
        }
        #expect(try await service.put("train", id, archive("happy,sad")).status == 201)
        #expect(
            try await service.get("/v1/datasets/\(id)").json["labels"] == .array([.string("happy"), .string("sad")]))
        let refused = try await service.put("valid", id, archive("sad,happy"))
        #expect(try expectProblem(refused, 422, "invalid_split").keys.contains("/label_names"))
        #expect(try await service.put("valid", id, archive("happy,sad")).status == 201)
    }

    @Test func aRecordedFileStaysWhenTheReplacedOneCannotBeRemoved() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        _ = try await service.backend.datasets.put(
            SplitRecord(name: "train", digest: "sha256:0", byteCount: 1, path: "none/there", document: Data("{}".utf8)),
            in: id)
        #expect(try await service.put("train", id, Self.lines(4), fields: Self.lines).status == 200)
        let record = try #require(try await service.backend.datasets.get(id)?.splits.first)
        #expect(FileManager.default.fileExists(atPath: service.backend.directory.path(record.path)))
        #expect(try await service.get("/v1/datasets/\(id)").status == 200)
    }

    @Test func aSplitThatCannotBeRecordedLeavesNothing() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        _ = try await service.put("train", id, Self.lines(4), fields: Self.lines)
        let before = try service.files(in: "datasets")
        var inspection = SplitReader.Inspection()
        inspection.report.labelCount = 9
        let (path, incoming) = ("\(DataLayout.dataset(id))/valid-1", DataLayout.incoming("1"))
        let packing = DataLayout.packing("1")
        let (backend, found) = (service.backend, UploadedSplit.Packed(inspection: inspection, contentDigest: nil))
        let keep = {
            try await backend.files.making([incoming] + packing + SplitRecord.files(at: path)) {
                let record = SplitRecord(name: "valid", digest: "sha256:1", byteCount: 0, path: path, document: Data())
                let file = try IncomingFile(incoming, in: backend.directory)
                try Data().write(to: backend.directory.url(packing[0]))
                _ = try await UploadedSplit(backend: backend, file: file, packing: packing, record: record)
                    .keep(found, in: id)
            }
        }
        await #expect(throws: Problem.self) { try await keep() }
        #expect(try service.files(in: "datasets") == before)
        #expect(try service.files(in: "incoming").isEmpty)
    }

    @Test func manyNamesOfLabelsAreReadOnce() async throws {
        let service = try TestService.make()
        let names = (0..<100_000).map { "\"l\($0)\"" }.joined(separator: ",")
        let reply = try await service.post("/v1/datasets", #"{"name": "a", "labels": [\#(names)]}"#)
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors["/labels"] == "must be an array of 1 to 4096 elements, not of 100000")
        let control = try await service.post("/v1/datasets", #"{"name": "a", "labels": ["x\u0000"]}"#)
        #expect(try expectProblem(control, 422, "invalid_request").keys.contains("/labels/0"))
    }
}
