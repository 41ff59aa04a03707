import Emotion
import Foundation
import Jobs
import Testing

@testable import Service

struct OwnedFilesTests {
    private struct Refusal: Error {}

    private func write(_ path: String, in service: TestService) throws {
        let url = service.backend.directory.url(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: url)
    }

    @Test func aStartRemovesWhatIsOnRecordAndNothingElse() async throws {
        let service = try TestService.make()
        let files = service.backend.files
        let dataset = try await service.makeSyntheticDataset()
        let version = try await service.makeModel()
        let theirs = [
            "datasets/mine.txt", "datasets/mosei/train.npz", "models/bert/a/b", "work/notes", "incoming/mail",
        ]
        let ours = [
            "incoming/1", "datasets/\(dataset)/train-1", "work/job_1-1/model/config.json", "models/emo/job_1-1/x",
        ]
        for path in theirs + ours { try write(path, in: service) }
        try await files.pending.add([
            "incoming/1", "datasets/\(dataset)/train-1", "work/job_1-1", "models/emo/job_1-1", "work/job_gone",
            // What a record names stays, though it is pending.
            version.directory,
        ])
        try await files.sweep()
        for path in theirs { #expect(FileManager.default.fileExists(atPath: files.directory.path(path))) }
        for path in ours { #expect(!FileManager.default.fileExists(atPath: files.directory.path(path))) }
        #expect(try await service.get("/v1/models/emo/versions/1/weights").status == 200)
        #expect(try await files.pending.all().isEmpty)
    }

    @Test func aDatasetGoesWithItsFilesAndNoOthers() async throws {
        let service = try TestService.make()
        let kept = try await service.makeSyntheticDataset()
        let gone = try await service.makeSyntheticDataset()
        try write("datasets/\(kept)/notes.txt", in: service)
        for id in [kept, gone] { #expect(try await service.delete("/v1/datasets/\(id)").status == 204) }
        #expect(try service.files(in: "datasets") == [kept, "\(kept)/notes.txt"])
        #expect(try await service.backend.files.pending.all().isEmpty)
    }

    @Test func whatCannotBeMadeLeavesNothing() async throws {
        let service = try TestService.make()
        await #expect(throws: Refusal.self) {
            try await service.backend.files.making(["incoming/1", "datasets/x/1"]) {
                try write("incoming/1", in: service)
                throw Refusal()
            }
        }
        #expect(try service.files(in: "incoming").isEmpty)
        #expect(try await service.backend.files.pending.all().isEmpty)
    }

    @Test func uploadsLeaveNoRecordBehind() async throws {
        let service = try TestService.make()
        let id = try await service.makeSyntheticDataset()
        let bytes = try #require(try SyntheticSplits.make([.train: 8]).first?.1)
        // In the place of the one before, whose file goes.
        #expect(try await service.put("train", id, bytes).status == 200)
        #expect(try service.files(in: "datasets").count == 4)
        try expectProblem(try await service.put("train", id, Array("PK".utf8)), 422, "invalid_split")
        #expect(try await service.backend.files.pending.all().isEmpty)
    }

    @Test(arguments: ["/etc/hostname", "../outside", "datasets/../../outside"])
    func removesNothingOutside(path: String) throws {
        let service = try TestService.make()
        #expect(!service.backend.directory.remove(path))
    }
}
