import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Testing

@testable import Service

struct WeightsRoutesTests {
    private static let clip = #"{"clips": [{"audio": [[1, 2]], "text": [[1, 0, -1]]}]}"#

    @Test func whatWasDownloadedCanBeBroughtInAgain() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let weights = try await service.get("/v1/models/emo/versions/1/weights")
        let reply = try await service.send(
            .post, "/v1/models/other/versions", weights.bytes, fields: [.contentType: "application/vnd.safetensors"])
        #expect(reply.status == 201 && reply.fields[.location] == "/v1/models/other/versions/1")
        let view = try reply.json
        #expect(view["labels"] == .array(["happy", "sad"]) && view["version"] == .integer(1))
        let theirs = try await service.post("/v1/models/emo/predict", Self.clip).json["predictions"]
        let ours = try await service.post("/v1/models/other/predict", Self.clip).json["predictions"]
        #expect(theirs == ours)
        // The same weights are the same file.
        #expect(try await service.get("/v1/models/other/versions/1/weights").bytes == weights.bytes)
        #expect(try service.files(in: "incoming").isEmpty)
    }

    @Test(arguments: ["cut", "flipped", "text", "empty", "no-configuration"])
    func whatIsNoModelIsRefused(_ fault: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        var bytes = try await service.get("/v1/models/emo/versions/1/weights").bytes
        switch fault {
        case "cut": bytes.removeLast(4)
        case "flipped": bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xc0, 0x7f])
        case "text": bytes = Array("hello".utf8)
        case "empty": bytes = []
        default:
            let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
            let start = try #require(text.range(of: "configuration"))
            let offset = text.utf8.distance(from: text.startIndex, to: start.lowerBound)
            bytes[offset] = UInt8(ascii: "C")
        }
        let reply = try await service.send(
            .post, "/v1/models/emo/versions", bytes, fields: [.contentType: "application/octet-stream"])
        #expect(!(try expectProblem(reply, 422, "bad_weights").isEmpty))
        try expectProblem(await service.get("/v1/models/emo/versions/2"), 404, "not_found")
        #expect(try service.files(in: "incoming").isEmpty)
        #expect(try service.files(in: "models").filter { $0.contains("imported") }.isEmpty)
    }

    @Test func boundsWhatTakesMemoryByItsSquare() {
        func fault(labels: Int, modalities: Int) -> String? {
            ModelConfiguration(
                labels: (0..<labels).map { "label_\($0)" },
                modalities: (0..<modalities).map { Modality(name: "m\($0)", featureSize: 1) },
                hyperparameters: Hyperparameters()
            ).fault?.field
        }
        #expect(fault(labels: 4096, modalities: 256) == nil)
        #expect(fault(labels: 4097, modalities: 1) == "labels" && fault(labels: 1, modalities: 257) == "modalities")
    }

    @Test func bytesThatAreNotThoseThatWereSentAreRefused() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let bytes = try await service.get("/v1/models/emo/versions/1/weights").bytes
        let digest = "sha-256=:\(Data(repeating: 7, count: 32).base64EncodedString()):"
        let reply = try await service.send(
            .post, "/v1/models/emo/versions", bytes,
            fields: [.contentType: "application/octet-stream", HTTPField.Name("Content-Digest")!: digest])
        try expectProblem(reply, 422, "digest_mismatch")
        let name = try await service.send(
            .post, "/v1/models/.emo/versions", bytes, fields: [.contentType: "application/octet-stream"])
        try expectProblem(name, 404, "not_found")
    }
}
