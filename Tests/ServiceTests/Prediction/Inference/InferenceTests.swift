import Emotion
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import HTTP
@testable import Service

/// The Open Inference Protocol, version 2.
struct InferenceTests {
    private static let path = "/v2/models/emo/infer"
    private static let samples = SampleClips()

    private static func service() async throws -> TestService {
        let service = try TestService.make()
        try await service.makeModel()
        return service
    }

    private static func binary(_ length: String) -> HTTPFields {
        [.contentType: "application/octet-stream", .inferenceHeaderLength: length]
    }

    @Test func answersInTheWordsOfTheProtocol() async throws {
        let service = try await Self.service()
        let second = try await service.makeModel()
        let members = #","id":"r1","outputs":[{"name":"probabilities"}],"model_name":"emo","parameters":{"priority":1}"#
        let json = try await service.post(Self.path, Self.samples.inference(members)).json
        #expect(json["id"].text == "r1" && json["model_name"].text == "emo")
        #expect(json["model_version"].text == "\(second.version)")
        let output = json["outputs"][0]
        #expect(output["name"].text == "probabilities" && output["datatype"].text == "FP32")
        #expect(output["shape"] == [.integer(4), .integer(2)] && output["data"].elements.count == 8)
        let first = try await service.post("/v2/models/emo/versions/1/infer", Self.samples.inference()).json
        #expect(first["model_version"].text == "1" && first["id"] == .null)
        for path in ["/v2/models/none/infer", "/v2/models/emo/versions/3/infer", "/v2/models/emo/versions/01/infer"] {
            try expectProblem(await service.post(path, Self.samples.inference()), 404, "not_found")
        }
    }

    @Test func takesABodyWhoseTypeIsNotSaid() async throws {
        let service = try await Self.service()
        let (bytes, length) = Self.samples.binaryInference()
        let request = Request(.post, Self.path, fields: [.inferenceHeaderLength: "\(length)"], body: bytes)
        let response = await service.router.respond(to: request)
        #expect(response.status == .ok && response.fields[.contentType] == "application/json")
        let other = try await service.send(.post, Self.path, bytes, fields: [.contentType: "text/plain"])
        try expectProblem(other, 415, "unsupported_media_type")
    }

    @Test(arguments: [
        ("", false), (#","parameters":{"binary_data_output":true}"#, true),
        (#","outputs":[{"name":"probabilities","parameters":{"binary_data":true}}]"#, true),
        (
            #","outputs":[{"name":"probabilities","parameters":{"binary_data":false}}],"parameters":{"binary_data_output":true}"#,
            false
        ),
        (#","outputs":[],"parameters":{"binary_data_output":true}"#, true),
    ])
    func answersInBytesWhereThatIsAsked(members: String, isBinary: Bool) async throws {
        let service = try await Self.service()
        let (bytes, length) = Self.samples.binaryInference(members)
        let reply = try await service.send(.post, Self.path, bytes, fields: Self.binary("\(length)"))
        #expect(reply.status == 200)
        let header = reply.fields[.inferenceHeaderLength].flatMap { Int($0) }
        #expect((header != nil) == isBinary)
        let json = try JSONReader.value(Array(reply.bytes[..<(header ?? reply.bytes.count)]))
        let output = json["outputs"][0]
        #expect((output["data"] == .null) == isBinary)
        #expect(output["parameters"]["binary_data_size"] == (isBinary ? .integer(32) : .null))
        if let header { #expect(reply.bytes.count == header + 32) }
    }

    @Test func aModalityMayBeLeftOutInThreeWays() async throws {
        let service = try await Self.service()
        let audio = #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2]}"#
        let others = [
            "", #",{"name":"text","datatype":"FP32","shape":[1,1,3],"data":null}"#,
            #",{"name":"text","datatype":"FP32","shape":[1,0,3],"data":[]}"#,
            #",{"name":"text","datatype":"FP32","shape":[1,1,3],"data":[9,9,9]},{"name":"text_length","datatype":"INT32","shape":[1],"data":[0]}"#,
            #",{"name":"text","datatype":"FP32","shape":[1,1,3],"data":[0,0,0]}"#,
        ]
        var answers: [JSONValue] = []
        for other in others {
            let reply = try await service.post(Self.path, #"{"inputs":[\#(audio)\#(other)]}"#)
            answers.append(try reply.json["outputs"][0]["data"])
        }
        #expect(Set(answers[..<4].map { "\($0)" }).count == 1)
        // Zeros are not the same.
        #expect(answers[4] != answers[0] && answers[4].elements.count == 2)
    }

    /// Members after the inputs, with what is wrong.
    @Test(arguments: [
        (#","mood":1"#, "/mood", "no such member"), (#","id":5"#, "/id", "must be a string"),
        (#","outputs":[{"name":"labels"}]"#, "/outputs/0/name", "no such output"),
        (#","outputs":[{"name":"probabilities"},{"name":"probabilities"}]"#, "/outputs/1/name", "comes twice"),
        (#","outputs":[{}]"#, "/outputs/0/name", "is missing"), (#","outputs":3"#, "/outputs", "must be an array"),
        (
            #","outputs":[{"name":"probabilities","parameters":{"classification":1}}]"#,
            "/outputs/0/parameters/classification", "no such parameter"
        ),
        (#","parameters":{"sequence_id":3}"#, "/parameters/sequence_id", "no sequences"),
        (#","parameters":{"mood":3}"#, "/parameters/mood", "no such parameter"),
        (#","parameters":{"timeout":-1}"#, "/parameters/timeout", "must be an integer"),
        (#","parameters":{"timeout":1.5}"#, "/parameters/timeout", "must be an integer"),
        (#","parameters":{"binary_data_output":1}"#, "/parameters/binary_data_output", "must be true or false"),
        (#","parameters":{"x":[1]}"#, "/parameters/x", "must be a string"),
        (#","inputs":[]"#, "/inputs", "comes twice"),
        (#","model_name":"other""#, "/model_name", "the path says"),
        (#","model_version":"7""#, "/model_version", "version 1 was asked for"),
    ])
    func refusesMembers(members: String, pointer: String, words: String) async throws {
        let reply = try await Self.service().post(Self.path, Self.samples.inference(members))
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors[pointer]?.contains(words) == true, "\(errors)")
    }

    /// One input, with what is wrong.
    @Test(arguments: [
        (#"{"name":"smell","datatype":"FP32","shape":[1,1,2],"data":[1,2]}"#, "/inputs/0/name", "no such input"),
        (#"{"name":"length","datatype":"INT32","shape":[1],"data":[1]}"#, "/inputs/0/name", "no such input"),
        (#"{"name":"audio","datatype":"FP64","shape":[1,1,2],"data":[1,2]}"#, "/inputs/0/datatype", "must be FP32"),
        (#"{"name":"audio_length","datatype":"INT64","shape":[1],"data":[1]}"#, "/inputs/0/datatype", "must be INT32"),
        (#"{"name":"audio","datatype":"FP32","shape":[1,1,2]}"#, "/inputs/0", "neither data"),
        (#"{"name":"audio","datatype":"FP32","data":[1,2]}"#, "/inputs/0/shape", "is missing"),
        (#"{"name":"audio","datatype":"FP32","shape":[1,-1,2],"data":[1,2]}"#, "/inputs/0/shape/1", "at least 0"),
        (
            #"{"name":"audio","datatype":"FP32","shape":[4294967296,4294967296,2],"data":[1,2]}"#, "/inputs/0/shape",
            "too large to address"
        ),
        (#"{"name":"audio","datatype":"FP32","shape":[1,2],"data":[1,2]}"#, "/inputs/0", "must be [clips, units"),
        (#"{"name":"audio","datatype":"FP32","shape":[1,1,3],"data":[1,2,3]}"#, "/inputs/0", "3 features, not 2"),
        (#"{"name":"audio","datatype":"FP32","shape":[0,1,2],"data":[]}"#, "/inputs/0", "there is no clip"),
        (#"{"name":"audio","datatype":"FP32","shape":[9999,0,2],"data":[]}"#, "/inputs/0", "at most 4096"),
        (#"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1]}"#, "/inputs/0/data", "1 numbers"),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[[1,2]]}"#, "/inputs/0/data",
            "arrays of the shape"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[[[1,2],[1,2]]]}"#, "/inputs/0/data",
            "of the shape"
        ),
        (#"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,[2]]}"#, "/inputs/0/data", "is not a number"),
        (#"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3,null]}"#, "/inputs/0/data", "row 1"),
        (#"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3,1e39]}"#, "/inputs/0/data", "row 1"),
        (#"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":"x"}"#, "/inputs/0/data", "must be an array"),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"parameters":{"binary_data_size":8}}"#,
            "/inputs/0/parameters/binary_data_size", "0 are left"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"parameters":{"binary_data_size":9}}"#,
            "/inputs/0/parameters/binary_data_size", "takes 8"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2],"parameters":{"binary_data_size":8}}"#,
            "/inputs/0", "both data"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"parameters":{"shared_memory_region":"r"}}"#,
            "/inputs/0/parameters/shared_memory_region", "no such parameter"
        ),
        (#"{"name":"audio_length","datatype":"INT32","shape":[1],"data":[1]}"#, "/inputs/0", "no units"),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2]},{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2]}"#,
            "/inputs/1", "comes twice"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2]},{"name":"text","datatype":"FP32","shape":[2,0,3],"data":[]}"#,
            "/inputs/1", "but audio has 1"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3,4]},{"name":"audio_length","datatype":"INT32","shape":[2],"data":[1,-1]}"#,
            "/inputs/0", "audio, row 1: the length -1"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3,4]},{"name":"audio_length","datatype":"INT32","shape":[2],"data":[1,3000000000]}"#,
            "/inputs/1/data", "32 bits"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3,4]},{"name":"audio_length","datatype":"INT32","shape":[2],"data":[1,0]}"#,
            "/inputs", "row 1: the clip has no modality"
        ),
        (
            #"{"name":"audio","datatype":"FP32","shape":[2,1,2],"data":[1,2,3e38,3e38]}"#, "/inputs",
            "row 1: the features"
        ),
    ])
    func refusesInputs(inputs: String, pointer: String, words: String) async throws {
        let reply = try await Self.service().post(Self.path, #"{"inputs":[\#(inputs)]}"#)
        let json = try reply.json
        #expect(reply.status == 422)
        let error = json["errors"].elements.first { $0["pointer"].text == pointer }
        #expect(error?["detail"].text?.contains(words) == true, "\(String(decoding: reply.bytes, as: UTF8.self))")
    }

    @Test func everyLengthOfTheHeaderIsChecked() async throws {
        let service = try await Self.service()
        let (bytes, length) = Self.samples.binaryInference()
        for text in ["x", "-1", "", "1.5", "+3", "99999999999999999999"] {
            let reply = try await service.send(.post, Self.path, bytes, fields: Self.binary(text))
            try expectProblem(reply, 400, "invalid_header")
        }
        let beyond = try await service.send(.post, Self.path, bytes, fields: Self.binary("\(bytes.count + 1)"))
        try expectProblem(beyond, 400, "invalid_header")
        for count in 0..<length {
            let reply = try await service.send(.post, Self.path, bytes, fields: Self.binary("\(count)"))
            #expect(reply.status == 400)
        }
        // Bytes that are missing, or too many.
        for body in [bytes.dropLast(), bytes + [0]] {
            let reply = try await service.send(.post, Self.path, Array(body), fields: Self.binary("\(length)"))
            try expectProblem(reply, 422, "invalid_request")
        }
    }

    @Test func aNumberThatIsNotFiniteIsNamedByInputAndRow() async throws {
        let service = try await Self.service()
        var (bytes, length) = Self.samples.binaryInference()
        // Of the third clip, the only unit's second feature.
        bytes.replaceSubrange(length + 4 * 19..<length + 4 * 20, with: SampleClips.bytes([Float.infinity]))
        let reply = try await service.send(.post, Self.path, bytes, fields: Self.binary("\(length)"))
        let errors = try expectProblem(reply, 422, "not_a_number")
        #expect(errors["/inputs/0"] == "text, row 2, unit 0, feature 1: inf is not a finite number")
        // What is padding may be anything.
        (bytes, length) = Self.samples.binaryInference()
        bytes.replaceSubrange(length + 4 * 9..<length + 4 * 10, with: SampleClips.bytes([Float.nan]))
        #expect(try await service.send(.post, Self.path, bytes, fields: Self.binary("\(length)")).status == 200)
    }

    @Test func isNotLate() async throws {
        let service = try await Self.service()
        let data = (0..<8000).map { "\(Double($0 % 7) / 8)" }.joined(separator: ",")
        let body = #"{"inputs":[{"name":"audio","datatype":"FP32","shape":[1,4000,2],"data":[\#(data)]}]"#
        let late = try await service.post(Self.path, body + #","parameters":{"timeout":1}}"#)
        try expectProblem(late, 504, "deadline_exceeded")
        for timeout in ["0", "9223372036854775807"] {
            let reply = try await service.post(Self.path, body + #","parameters":{"timeout":\#(timeout)}}"#)
            #expect(reply.status == 200)
        }
        // A time without end holds nothing either.
        let limited = try TestService.make { $0.maxPredictions = 1 }
        try await limited.makeModel()
        let small = #"{"inputs":[{"name":"audio","datatype":"FP32","shape":[1,1,2],"data":[1,2]}]"#
        for _ in 1...3 {
            let reply = try await limited.post(
                Self.path, small + #","parameters":{"timeout":9223372036854775807}}"#)
            #expect(reply.status == 200)
            while limited.backend.predictor.load.held > 0 { await Task.yield() }
        }
    }

    @Test func tellsWhatItIs() async throws {
        let service = try await Self.service()
        try await service.makeModel()
        let server = try await service.get("/v2").json
        #expect(server["name"].text == "limbic" && server["version"].text != nil)
        #expect(server["extensions"].elements.contains("binary_tensor_data"))
        let model = try await service.get("/v2/models/emo").json
        #expect(model["versions"] == ["1", "2"] && model["platform"].text == "limbic")
        #expect(model["inputs"].elements.map { $0["name"].text } == ["audio", "audio_length", "text", "text_length"])
        #expect(model["inputs"][2]["shape"] == [.integer(-1), .integer(-1), .integer(3)])
        #expect(model["outputs"][0]["shape"] == [.integer(-1), .integer(2)])
        #expect(model["outputs"][0]["parameters"]["labels"] == ["happy", "sad"])
        #expect(try await service.get("/v2/models/emo/versions/1").json["versions"] == ["1"])
        for path in ["", "/versions/2"] {
            #expect(try await service.get("/v2/models/emo\(path)/ready").json["ready"] == true)
        }
        for path in ["/v2/models/none", "/v2/models/emo/versions/3", "/v2/models/none/ready"] {
            try expectProblem(await service.get(path), 404, "not_found")
        }
    }
}
