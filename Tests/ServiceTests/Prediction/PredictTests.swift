import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Platform
import TestSupport
import Testing

@testable import Service

struct PredictTests {
    @Test func answersPerClip() async throws {
        let service = try TestService.make()
        let record = try await service.makeModel(labels: ["veryHappy", "sad"])
        let reply = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [{"id": "a", "text": [[1, 2, 3]], "audio": null}, {"text": [[1, 2]]}, {"id": "c", "audio": [[1, 2]]}]}"#
        )
        #expect(reply.status == 200)
        let json = try reply.json
        #expect(json["model"]["version"] == .integer(1) && json["model"]["digest"].text == record.digest)
        let first = json["predictions"][0]
        #expect(first["id"].text == "a" && first["missing"] == .array([.string("audio")]))
        #expect(Set(first["probabilities"].members.keys) == ["veryHappy", "sad"])
        let second = json["predictions"][1]["error"]
        #expect(second["code"].text == "bad_shape" && second["pointer"].text == "/clips/1/text/0")
        #expect(json["predictions"][2]["missing"] == .array([.string("text")]))
        #expect(json["timing"]["batch_size"] == .integer(2))
    }

    @Test func answersTheSameWhateverElseIsAsked() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let clip = #"{"text": [[1, -2, 0.5], [0, 1, 2]]}"#
        let others = (1...31).map { length in
            "{\"text\": [\((0...length).map { "[\($0), 1, -\($0)]" }.joined(separator: ","))], \"audio\": [[1, \(length)]]}"
        }
        let alone = try await service.post("/v1/models/emo/predict", #"{"clips": [\#(clip)]}"#).json
        let together = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [\#((others + [clip]).joined(separator: ","))]}"#
        ).json
        let expected = alone["predictions"][0]["probabilities"].members.mapValues { Float($0.double ?? .nan) }
        let actual = together["predictions"][31]["probabilities"].members.mapValues { Float($0.double ?? .nan) }
        for (label, value) in expected { expectClose([actual[label] ?? .nan], [value], absolute: 1e-5) }
    }

    @Test func takesAnAbsentModalityForMissingAndNotForZeros() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let json = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [{"text": [[1, 2, 3]]}, {"text": [[1, 2, 3]], "audio": []}, {"text": [[1, 2, 3]], "audio": [[0, 0]]}]}"#
        ).json
        let probabilities = json["predictions"].elements.map { $0["probabilities"] }
        #expect(probabilities[0] == probabilities[1])
        #expect(probabilities[0] != probabilities[2])
    }

    @Test func choosesByThresholdAndRank() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let all = try await service.post("/v1/models/emo/predict", #"{"clips": [{"audio": [[1, 2]]}], "threshold": 0}"#)
            .json
        #expect(all["predictions"][0]["labels"].elements.count == 2)
        let none = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [{"audio": [[1, 2]]}], "threshold": 1, "top_k": 1, "explain": false}"#
        ).json
        #expect(none["predictions"][0]["labels"] == .array([]))
        #expect(none["predictions"][0]["probabilities"].members.count == 1)
    }

    @Test(arguments: [
        (
            #"{"clips": [{"text": [[1]]}, {"smell": [[1]]}, {}, 3, {"text": [[1, "x", 3]]}]}"#, "/clips/1/smell",
            "bad_shape"
        ),
        (#"{"clips": []}"#, "/clips", "bad_request"), (#"{}"#, "", "bad_request"), (#"[]"#, "", "bad_request"),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "mood": 1}"#, "/mood", "invalid_request"),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "top_k": 0}"#, "/top_k", "invalid_request"),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "threshold": 2}"#, "/threshold", "invalid_request"),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "threshold": "tuned"}"#, "/threshold", "invalid_request"),
        (#"{"clips": [{"text": [[1, 2, 3]]}], "explain": 1}"#, "/explain", "invalid_request"),
        (#"{"clips": [{"text": [[1e39, 2, 3]]}]}"#, "/clips/0/text/0/0", "not_a_number"),
    ])
    func refuses(body: String, pointer: String, code: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let errors = try expectProblem(await service.post("/v1/models/emo/predict", body), 422, code)
        #expect(errors.keys.contains(pointer), "\(errors)")
    }

    @Test func explainsByTheScoreOfEachUnit() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let clips =
            #"{"clips": [{"audio": [[1, 2], [3, 4]]}, {"text": [[1, 2, 3]], "audio": [[3, 4]]}], "explain": true}"#
        let json = try await service.post("/v1/models/emo/predict", clips).json
        let saliency = json["predictions"].elements.map { $0["saliency"] }
        #expect(saliency.map { $0["audio"].elements.count } == [2, 1])
        #expect(saliency[0]["text"] == .null && saliency[1]["text"].elements.count == 1)
        #expect(saliency[0]["audio"][0] != saliency[0]["audio"][1])
        let without = try await service.post("/v1/models/emo/predict", #"{"clips": [{"audio": [[1, 2]]}]}"#).json
        #expect(without["predictions"][0]["saliency"] == .null)
        try await service.makeModel("plain") { $0.temporalMasking = .off }
        let refusal = try await service.post("/v1/models/plain/predict", clips)
        #expect(try expectProblem(refusal, 422, "invalid_request").keys.contains("/explain"))
    }

    @Test func aClipThatIsOneOfADataSetsIsPredictedWithItsLabels() async throws {
        let service = try TestService.make()
        try await service.makeModel(labels: ["happy", "sad"])
        let clips = [#"["sad"]"#, #"["unheard of"]"#, "[1, 0, 1]"].map { #"{"labels": \#($0), "text": [[1, 2, 3]]}"# }
        let reply = try await service.post("/v1/models/emo/predict", #"{"clips": [\#(clips.joined(separator: ","))]}"#)
        #expect(reply.status == 200)
        #expect(try reply.json["predictions"].elements.map { $0["probabilities"].members.count } == [2, 2, 2])
    }

    @Test func aNumberThatNoDoubleHoldsSpoilsItsClipOnly() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let reply = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [{"id": "a", "text": [[1, 2, 3], [4, 1e400, 6]]}, {"id": "b", "text": [[1, 2, 3]]}]}"#
        )
        #expect(reply.status == 200)
        let (bad, good) = (try reply.json["predictions"][0], try reply.json["predictions"][1])
        #expect(bad["id"].text == "a" && bad["error"]["pointer"].text == "/clips/0/text/1/1")
        #expect(bad["error"]["code"].text == "not_a_number")
        #expect(good["id"].text == "b" && good["probabilities"].members.isEmpty == false)
    }

    @Test(arguments: [#"{"clips": [{"text": [[1, NaN, 3]]}]}"#, #"{"clips": ["#, "", "\u{0}"])
    func saysWhereJSONIsMalformed(body: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let reply = try await service.post("/v1/models/emo/predict", body)
        try expectProblem(reply, 400, "malformed_json")
        #expect(try reply.json["detail"].text?.contains("column") == true)
    }

    @Test func survivesFeaturesBeyondAllMeasure() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let huge = #"{"id": "h", "text": [[3e38, 3e38, -3e38]]}"#
        let reply = try await service.post("/v1/models/emo/predict", #"{"clips": [\#(huge), {"text": [[1, 2, 3]]}]}"#)
        #expect(reply.status == 200)
        #expect(try reply.json["predictions"][0]["error"]["code"].text == "not_computable")
        #expect(try reply.json["predictions"][1]["probabilities"].members.count == 2)
        let alone = try await service.post("/v1/models/emo/predict", #"{"clips": [\#(huge)]}"#)
        #expect(try expectProblem(alone, 422, "not_computable").keys.contains("/clips/0"))
        let mixed = try await service.post("/v1/models/emo/predict", #"{"clips": [{"text": [[1]]}, \#(huge)]}"#)
        #expect(try Set(expectProblem(mixed, 422, "bad_shape").keys) == ["/clips/0/text/0", "/clips/1"])
    }

    @Test func boundsTheUnitsOfAClip() async throws {
        let service = try TestService.make { $0.maxClipUnits = 3 }
        try await service.makeModel()
        let json = try await service.post(
            "/v1/models/emo/predict",
            #"{"clips": [{"audio": [[1, 2], [1, 2]], "text": [[1, 2, 3]]}, {"audio": [[1, 2], [1, 2]], "text": [[1, 2, 3], [1, 2, 3]]}]}"#
        ).json
        #expect(json["predictions"][0]["error"] == .null)
        #expect(json["predictions"][1]["error"]["detail"].text == "4 units in all, at most 3")
        #expect(json["predictions"][1]["error"]["pointer"].text == "/clips/1")
    }

    @Test func findsVersions() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let second = try await service.makeModel()
        let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#
        #expect(try await service.post("/v1/models/emo/predict", clip).json["model"]["version"] == .integer(2))
        #expect(
            try await service.post("/v1/models/emo/predict?version=1", clip).json["model"]["version"] == .integer(1)
        )
        for query in ["?version=3", "?version=@best"] {
            try expectProblem(await service.post("/v1/models/emo/predict\(query)", clip), 404, "not_found")
        }
        for query in ["?version=x", "?version=0", "?versoin=1", "?version=1&version=2"] {
            try expectProblem(await service.post("/v1/models/emo/predict\(query)", clip), 400, "invalid_query")
        }
        try expectProblem(await service.post("/v1/models/none/predict", clip), 404, "not_found")
        let weights = try await service.get("/v1/models/emo/versions/2/weights")
        #expect(weights.fields[.eTag] == "\"\(second.digest)\"")
        #expect(try await service.get("/v1/models").json["data"][0]["newest"]["version"] == .integer(2))
        #expect(try await service.get("/v1/models/emo").json["versions"].elements.count == 2)
        #expect(try await service.get("/v1/models/emo/versions/1").json["labels"][0].text == "happy")
        try expectProblem(await service.get("/v1/models/none"), 404, "not_found")
        for version in ["0", "01", "+1", "1.0", "99999999999999999999"] {
            try expectProblem(await service.get("/v1/models/emo/versions/\(version)"), 404, "not_found")
        }
    }

    @Test(arguments: [
        ("0", "not 0"), ("-1", "not -1"), ("1.5", "not 1.5"), ("1e400", "not a number that does not fit 64 bits"),
    ])
    func repeatsANumberAsItWasSent(number: String, words: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let body = #"{"clips": [{"audio": [[1, 2]]}], "top_k": \#(number)}"#
        let errors = try expectProblem(await service.post("/v1/models/emo/predict", body), 422, "invalid_request")
        #expect(errors["/top_k"] == "must be an integer of at least 1, \(words)")
    }

    @Test(arguments: [ModelDirectory.weightsName, ModelDirectory.configurationName])
    func leavesOtherModelsAloneWhenOneIsDamaged(file: String) async throws {
        let service = try TestService.make()
        let damaged = try await service.makeModel("damaged")
        try await service.makeModel("whole")
        let url = service.backend.directory.url("\(damaged.directory)/\(file)")
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count - 3] ^= 1
        try bytes.write(to: url)
        let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#
        try expectProblem(await service.post("/v1/models/damaged/predict", clip), 503, "model_unreadable")
        #expect(try await service.post("/v1/models/whole/predict", clip).status == 200)
    }

    /// A number in the configuration that is as valid as the one before it.
    @Test(arguments: [true, false])
    func noticesAnAlteredConfiguration(isEarlierVersion: Bool) async throws {
        let service = try TestService.make()
        var record = try await service.makeModel()
        let folder = service.backend.directory.url(record.directory)
        if isEarlierVersion {
            // The digest was that of the weights alone.
            let digest = try SHA256.digest(ofFile: folder.appendingPathComponent(ModelDirectory.weightsName).path)
            record = try await service.backend.models.register(
                ModelDraft(name: "emo", digest: digest, directory: record.directory, document: record.document))
        }
        let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#
        #expect(try await service.post("/v1/models/emo/predict", clip).json["model"]["digest"].text == record.digest)
        let file = folder.appendingPathComponent(ModelDirectory.configurationName)
        let text = try String(contentsOf: file, encoding: .utf8)
        let altered = text.replacingOccurrences(of: "\"threshold\" : 0.5", with: "\"threshold\" : 0.1")
        #expect(altered != text)
        try Data(altered.utf8).write(to: file)
        _ = try ModelDirectory.read(folder.path)
        // Not the server that has it in memory already.
        let other = ModelCache(
            directory: service.backend.directory, limits: .init(memory: 1 << 30, document: 1000, clipUnits: 100))
        let version = try ModelVersion(record)
        let problem = await #expect(throws: Problem.self) { try await other.model(version) }
        #expect(problem?.code == "model_unreadable")
    }

    /// `sha256sum config.json model.safetensors | sha256sum`
    @Test func theDigestOfAModelCanBeComputedByHand() throws {
        let folder = URL.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: folder.appendingPathComponent("config.json"))
        try Data("abc".utf8).write(to: folder.appendingPathComponent("model.safetensors"))
        #expect(
            try ModelDirectory.digest(of: folder.path)
                == "sha256:bb26275d74d8b85c193d98418b10723876d6a1ef2da1f60287213e8b8a65bf38")
    }

    @Test func keepsTheModelsUsedLast() async throws {
        let measure = try TestService.make()
        try await measure.makeModel()
        _ = try await measure.load("emo")
        let one = measure.backend.predictor.cache.usage.bytes
        #expect(one > 0)
        let service = try TestService.make { $0.modelMemory = 2 * one + one / 2 }
        for name in ["a", "b", "c"] { try await service.makeModel(name) }
        for name in ["a", "b", "a", "c", "a"] { _ = try await service.load(name) }
        #expect(service.backend.predictor.cache.usage == (2, 2 * one))
        let small = try TestService.make { $0.modelMemory = one - 1 }
        try await small.makeModel()
        let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#
        try expectProblem(await small.post("/v1/models/emo/predict", clip), 503, "model_too_large")
        #expect(small.backend.predictor.cache.usage == (0, 0))
    }
}

extension TestService {
    fileprivate func load(_ name: String) async throws -> LoadedModel {
        try await backend.predictor.cache.model(#require(backend.registry.newest(name)))
    }
}
