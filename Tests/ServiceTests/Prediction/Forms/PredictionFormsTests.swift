import Emotion
import Engine
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import HTTP
@testable import Service

/// The forms of a request and of its answer.
struct PredictionFormsTests {
    private static let path = "/v1/models/emo/predict"
    private static let samples = SampleClips()

    /// [N, K] of an answer in JSON.
    private static func probabilities(_ predictions: [JSONValue]) -> [Float] {
        predictions.flatMap { prediction in
            ["happy", "sad"].map { Float(prediction["probabilities"][$0].double ?? .nan) }
        }
    }

    private static func lines(_ bytes: [UInt8]) throws -> [JSONValue] {
        try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONReader.value(Array($0)) }
    }

    @Test func everyFormHasTheSameAnswerToTheBit() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let samples = Self.samples
        let plain = try await service.post(Self.path, samples.document)
        let expected = Self.probabilities(try plain.json["predictions"].elements)
        #expect(expected.count == 8 && expected.allSatisfy { $0 > 0 && $0 < 1 } && Set(expected).count == 8)
        let bodies: [(String, [UInt8])] = [
            ("application/json", Array(samples.document.utf8)), ("application/x-npz", try samples.npz),
            ("application/vnd.safetensors", samples.safetensors), ("application/x-safetensors", samples.safetensors),
        ]
        for (type, body) in bodies {
            for answer in AnswerType.allCases {
                let fields: HTTPFields = [.contentType: type, .accept: answer.rawValue]
                let reply = try await service.send(.post, Self.path, body, fields: fields)
                #expect(reply.status == 200 && reply.fields[.contentType] == answer.rawValue)
                let actual: [Float]
                switch answer {
                case .json: actual = Self.probabilities(try reply.json["predictions"].elements)
                case .lines: actual = Self.probabilities(try Self.lines(reply.bytes))
                case .npz: actual = try Self.npz(reply.bytes)
                case .safetensors: actual = try SafetensorsFile(reply.bytes).floats("probabilities")
                }
                #expect(actual == expected, "\(type) answered in \(answer.rawValue)")
            }
        }
        let stream = try await service.post(Self.path, samples.lines, fields: [.contentType: "application/x-ndjson"])
        #expect(stream.status == 200 && stream.fields[.contentType] == "application/x-ndjson")
        #expect(Self.probabilities(try Self.lines(stream.bytes)) == expected)
        for nested in [false, true] {
            let reply = try await service.post("/v2/models/emo/infer", samples.inference(nested: nested))
            let data = try reply.json["outputs"][0]["data"].elements.map { Float($0.double ?? .nan) }
            #expect(data == expected)
        }
        let (body, length) = samples.binaryInference(#","parameters":{"binary_data_output":true}"#)
        let binary = try await service.send(
            .post, "/v2/models/emo/versions/1/infer", body,
            fields: [.contentType: "application/octet-stream", .inferenceHeaderLength: "\(length)"])
        let answer = try #require(binary.fields[.inferenceHeaderLength].flatMap { Int($0) })
        #expect(SampleClips.floats(binary.bytes[answer...]) == expected)
    }

    /// `probabilities` of an archive whose entries are stored; the label names are checked as well.
    private static func npz(_ bytes: [UInt8]) throws -> [Float] {
        let archive = try NPZArchive(bytes)
        let names = try archive.strings(of: #require(archive.array("label_names")), limit: 100)
        #expect(names == ["happy", "sad"])
        var values: [Float] = []
        try archive.forEachChunk(of: #require(archive.array("probabilities"))) { values += $0.values }
        return values
    }

    @Test func arraysNameTheModelAndItsLabels() async throws {
        let service = try TestService.make()
        let record = try await service.makeModel()
        let reply = try await service.post(
            Self.path, Self.samples.document, fields: [.accept: "application/vnd.safetensors"])
        let file = try SafetensorsFile(reply.bytes)
        #expect(file.metadata["labels"] == #"["happy","sad"]"#)
        #expect(file.metadata["model"]?.contains(record.digest) == true)
        #expect(file.tensors["probabilities"]?.shape == [4, 2])
    }

    @Test(arguments: [
        (nil, AnswerType.json), ("", .json), ("*/*", .json), ("application/*", .json),
        ("application/x-npz", .npz), ("Application/X-NPZ ; q=0.3", .npz), ("text/html, */*;q=0.1", .json),
        ("application/json;q=0.5, application/x-ndjson", .lines), ("*/*, application/json;q=0.1", .lines),
        ("application/json;q=0, */*;q=0.1", .lines), ("application/x-safetensors", .safetensors),
    ])
    func choosesTheAnswerByAccept(accept: String?, type: AnswerType) throws {
        #expect(try AnswerType.preferred(by: accept) == type)
    }

    @Test(arguments: ["text/html", "application/json;q=0", "*/*;q=0", "application/json;q=x", "text/*"])
    func refusesWhatItCannotAnswer(accept: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let reply = try await service.post(Self.path, Self.samples.document, fields: [.accept: accept])
        try expectProblem(reply, 406, "not_acceptable")
    }

    @Test func optionsComeInTheQueryAsWell() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let npz: HTTPFields = [.contentType: "application/x-npz"]
        let reply = try await service.send(
            .post, Self.path + "?top_k=1&threshold=0&explain=true", Self.samples.npz, fields: npz)
        let first = try reply.json["predictions"][0]
        #expect(first["probabilities"].members.count == 1 && first["labels"].elements.count == 2)
        #expect(first["saliency"]["text"].elements.count == 3)
        // What the body says counts more.
        let body = Self.samples.document.dropLast() + #","top_k":2}"#
        let both = try await service.post(Self.path + "?top_k=1", String(body)).json
        #expect(both["predictions"][0]["probabilities"].members.count == 2)
        for query in ["?top_k=0", "?top_k=x", "?threshold=2", "?threshold=high", "?explain=1"] {
            try expectProblem(await service.post(Self.path + query, Self.samples.document), 400, "invalid_query")
        }
        let tuned = try await service.post(Self.path + "?threshold=tuned", Self.samples.document)
        #expect(try expectProblem(tuned, 422, "invalid_request").keys.contains("/threshold"))
        let array = try await service.post(
            Self.path + "?explain=true&top_k=1", Self.samples.document, fields: [.accept: "application/x-npz"])
        #expect(try Set(expectProblem(array, 422, "invalid_request").keys) == ["/explain", "/top_k"])
    }

    @Test func aBadClipSpoilsAnswersInArraysOnly() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let archive = try NPZWriter()
        try archive.add("audio", shape: [2, 1, 2], [1, .nan, 3, 4])
        let body = try archive.bytes()
        let reply = try await service.send(.post, Self.path, body, fields: [.contentType: "application/x-npz"])
        #expect(reply.status == 200)
        let error = try reply.json["predictions"][0]["error"]
        #expect(error["code"].text == "not_a_number" && error["pointer"].text == "/clips/0/audio/0/1")
        #expect(try reply.json["predictions"][1]["probabilities"].members.count == 2)
        let array = try await service.send(
            .post, Self.path, body, fields: [.contentType: "application/x-npz", .accept: "application/x-npz"])
        #expect(try expectProblem(array, 422, "not_a_number").keys.contains("/clips/0/audio/0/1"))
        // The model may say that such a feature is read as 0.
        try await service.makeModel("mild") { $0.replaceNonfinite = true }
        let mild = try await service.send(
            .post, "/v1/models/mild/predict", body, fields: [.contentType: "application/x-npz"])
        #expect(try mild.json["predictions"][0]["probabilities"].members.count == 2)
    }

    @Test func refusesArchivesThatAreNoClips() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        func npz(_ fill: (NPZWriter) throws -> Void) throws -> [UInt8] {
            let archive = try NPZWriter()
            try fill(archive)
            return try archive.bytes()
        }
        let whole = try Self.samples.npz
        let bodies: [(words: String, body: [UInt8])] = [
            ("there is no modality", []), ("zip", Array("PK\u{3}\u{4}".utf8)),
            ("zip", Array(whole.prefix(whole.count / 2))),
            ("no such modality", try npz { try $0.add("smell", shape: [1, 1, 1], [1] as [Float]) }),
            ("3 features, not 2", try npz { try $0.add("audio", shape: [1, 1, 3], [1, 2, 3] as [Float]) }),
            (
                "must be numbers [clips, units, features]",
                try npz { try $0.add("audio", shape: [2], [1, 2] as [Float]) }
            ),
            ("there is no modality", try npz { try $0.add("lengths", shape: [1], [Int32(1)]) }),
            ("4097 clips, at most 4096", try npz { try $0.add("audio", shape: [4097, 1, 2], row: { _ in [1, 2] }) }),
            (
                "the length 2 is not from 0 to 1",
                try npz {
                    try $0.add("audio", shape: [1, 1, 2], [1, 2] as [Float])
                    try $0.add("lengths", shape: [1], [Int32(2)])
                }
            ),
        ]
        for (words, body) in bodies {
            let reply = try await service.send(.post, Self.path, body, fields: [.contentType: "application/x-npz"])
            let detail = try reply.json["detail"].text ?? ""
            #expect(reply.status == 422 && detail.contains(words), "\(words): \(detail)")
        }
    }

    @Test func refusesTensorsThatAreNoClips() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        func file(_ name: String, _ shape: [Int], _ type: SafetensorsType = .float32, count: Int) -> [UInt8] {
            Safetensors.header(of: [.init(name: name, dtype: type, shape: shape)], metadata: [:])
                + [UInt8](repeating: 0, count: count)
        }
        let bodies: [(words: String, body: [UInt8])] = [
            ("8 bytes", []), ("declares a header", [UInt8](repeating: 0xFF, count: 20)),
            ("the tensor has data_offsets [0, 8]", Array(file("audio", [1, 1, 2], count: 8).dropLast())),
            ("no such modality", file("smell", [1, 1, 2], count: 8)),
            ("3 features, not 2", file("audio", [1, 1, 3], count: 12)),
            ("there is no clip", file("audio", [0, 1, 2], count: 0)),
            ("must be [clips]", file("lengths", [1, 1], .int32, count: 4)),
            ("no units", file("lengths_audio", [1], .int64, count: 8)),
            ("integers", file("lengths", [1], count: 4)),
            ("there is no modality", file("lengths", [1], .int64, count: 8)),
            ("the clip has no modality", file("audio", [1, 0, 2], count: 0)),
        ]
        for (words, body) in bodies {
            let reply = try await service.send(
                .post, Self.path, body, fields: [.contentType: "application/vnd.safetensors"])
            let detail = try reply.json["detail"].text ?? ""
            #expect(reply.status == 422 && detail.contains(words), "\(detail)")
        }
    }
}
