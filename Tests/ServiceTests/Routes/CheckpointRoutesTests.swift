import Emotion
import Foundation
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

/// Checkpoints of trainings by the real worker.
struct CheckpointRoutesTests {
    /// Nine steps in three epochs, of which every second one has a checkpoint.
    private static let job = #"""
        "model": "emo", "checkpoint": {"every_steps": 2, "keep": 3},
        "hyperparameters": {"d_model": 16, "heads": 2, "feed_forward": 32, "unimodal_blocks": 1, "multimodal_blocks": 1,
                            "batch_size": 16, "learning_rate": 1e-3, "epochs": 3, "standardize": true}
        """#

    private static func train(in service: TestService) async throws -> String {
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let id = try #require(
            try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", \#(job)}"#).json["id"].text)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.state == .succeeded, "\(record.error ?? "")")
        pool.cancel()
        try await pool.value
        return id
    }

    @Test func makesVersionsOfCheckpoints() async throws {
        let service = try TestService.make()
        let id = try await Self.train(in: service)
        let path = "/v1/jobs/\(id)/checkpoints"

        let list = try await service.get(path).json
        #expect(list["data"].elements.map { $0["step"] } == [.integer(8), .integer(6), .integer(4)])
        #expect(list["has_more"] == .bool(false) && list["data"][2]["epoch"] == .integer(1))
        #expect(list["data"][2]["best_epoch"] == .integer(1) && list["data"][2]["seconds"].double != nil)
        #expect(list["data"][2]["validation"]["micro_f1"].double != nil)
        let page = try await service.get("\(path)?limit=1&after=8").json
        #expect(page["data"].elements.map { $0["step"] } == [.integer(6)] && page["has_more"] == .bool(true))

        let reply = try await service.post("\(path)/4/promote", "")
        #expect(reply.status == 201 && reply.fields[.location] == "/v1/models/emo/versions/2")
        let version = try reply.json
        #expect(version["version"] == .integer(2) && version["job"].text == id && version["metrics"] == .null)
        #expect(version["checkpoint"] == ["step": .integer(4), "weights": "step"] && version["seed"] == .integer(0))
        #expect(try await service.get("/v1/models/emo/versions/2").json == version)

        // Once more it is the same, and leaves no files.
        let files = try service.files(in: "models")
        let again = try await service.post("\(path)/4/promote", "")
        #expect(again.status == 200 && again.fields[.location] == "/v1/models/emo/versions/2")
        #expect(try again.json == version)
        #expect(try service.files(in: "models") == files && service.files(in: "incoming").isEmpty)

        let best = try await service.post("\(path)/8/promote?weights=best", "").json
        #expect(best["version"] == .integer(3) && best["best_epoch"].double != nil)
        #expect(best["metrics"]["valid"]["micro_f1"].double != nil && best["metrics"]["test"] == .null)

        let job = try await service.get("/v1/jobs/\(id)").json
        #expect(job["model_version"] == ["name": "emo", "version": .integer(1)])
        #expect(job["model_versions"].elements.map { $0["checkpoint"] } == [.null, .integer(4), .integer(8)])

        let clip = #"{"clips": [{"text": [[1, 2, 3, 4, 5, 6]]}]}"#
        for number in 1...3 {
            let prediction = try await service.post("/v1/models/emo/predict?version=\(number)", clip)
            #expect(prediction.status == 200)
            #expect(try prediction.json["predictions"][0]["probabilities"].members.count == 3)
        }
        let tuned = #"{"clips": [{"text": [[1, 2, 3, 4, 5, 6]]}], "threshold": "tuned"}"#
        try expectProblem(
            await service.post("/v1/models/emo/predict?version=2", tuned), 422, "invalid_request")
        // A start removes nothing of it.
        try await service.backend.files.sweep()
        #expect(try service.files(in: "models").filter { $0.hasSuffix("safetensors") }.count == 3)
        // The versions stay when the job goes.
        #expect(try await service.delete("/v1/jobs/\(id)").status == 204)
        let alone = try await service.get("/v1/models/emo/versions/2").json
        #expect(alone["job"] == .null && alone["checkpoint"]["step"] == .integer(4))
    }

    @Test func makesNoVersionOfWhatIsDamagedOrNotThere() async throws {
        let service = try TestService.make()
        let id = try await Self.train(in: service)
        for step in ["2", "04", "4.0", "x", "-4"] {
            try expectProblem(
                await service.post("/v1/jobs/\(id)/checkpoints/\(step)/promote", ""), 404, "not_found")
        }
        try expectProblem(await service.post("/v1/jobs/job_none/checkpoints/4/promote", ""), 404, "not_found")
        try expectProblem(await service.get("/v1/jobs/job_none/checkpoints"), 404, "not_found")
        try expectProblem(
            await service.post("/v1/jobs/\(id)/checkpoints/4/promote?weights=worst", ""), 400, "invalid_query")

        let before = try await service.get("/v1/jobs/\(id)").json
        let record = try #require(try await service.backend.jobs.get(id))
        let url = service.backend.directory.url(try #require(record.checkpoints.last).path)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: url)
        let damaged = try await service.post("/v1/jobs/\(id)/checkpoints/4/promote", "")
        try expectProblem(damaged, 409, "checkpoint_damaged")
        #expect(!String(decoding: damaged.bytes, as: UTF8.self).contains(service.directory.path))
        try FileManager.default.removeItem(at: url)
        try expectProblem(await service.post("/v1/jobs/\(id)/checkpoints/4/promote", ""), 409, "checkpoint_damaged")
        #expect(try await service.get("/v1/jobs/\(id)").json == before)
        #expect(try await service.get("/v1/models/emo").json["newest"] == .integer(1))
        #expect(try await service.backend.files.pending.all().isEmpty)
        #expect(try service.files(in: "incoming").isEmpty)
    }
}
