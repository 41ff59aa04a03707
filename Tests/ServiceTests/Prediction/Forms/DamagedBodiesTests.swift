import Engine
import HTTPTypes
import Testing

@testable import HTTP
@testable import Service

/// Bodies of every form with some bytes changed, cut off or put in: they are answered or refused, and nothing crashes.
struct DamagedBodiesTests {
    private static func damaged(_ bytes: [UInt8], _ random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let position = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[position] = .random(in: 0...255, using: &random)
            // What numbers in text become others of.
            case 1: bytes[position] = "0123456789-[]{},\"".utf8.randomElement(using: &random)!
            case 2: bytes[position] = 0xFF
            case 3: bytes.insert(.random(in: 48...57, using: &random), at: position)
            default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<20, using: &random)))
            }
        }
        return bytes
    }

    @Test(arguments: ["json", "npz", "safetensors", "lines", "inference", "binary"])
    func areAnsweredOrRefused(form: String) async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let samples = SampleClips()
        let (binary, length) = samples.binaryInference()
        let (v1, v2) = ("/v1/models/emo/predict", "/v2/models/emo/infer")
        let (path, body, fields): (String, [UInt8], HTTPFields) =
            switch form {
            case "json": (v1, Array(samples.document.utf8), [.contentType: "application/json"])
            case "npz": (v1, try samples.npz, [.contentType: "application/x-npz"])
            case "safetensors": (v1, samples.safetensors, [.contentType: "application/vnd.safetensors"])
            case "lines": (v1, Array(samples.lines.utf8), [.contentType: "application/x-ndjson"])
            case "inference": (v2, Array(samples.inference().utf8), [.contentType: "application/json"])
            default:
                (v2, binary, [.contentType: "application/octet-stream", .inferenceHeaderLength: "\(length)"])
            }
        var random = PhiloxGenerator(seed: 7, step: 0, operation: 0)
        for _ in 0..<400 {
            let damaged = Self.damaged(body, &random)
            let reply = try await service.send(.post, path, damaged, fields: fields)
            #expect([200, 400, 413, 422].contains(reply.status), "\(damaged)")
        }
    }
}
