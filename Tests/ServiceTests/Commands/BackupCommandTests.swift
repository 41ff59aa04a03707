import Foundation
import Jobs
import JSON
import Testing

@testable import Service

/// `limbic backup` beside a service that works on the directory.
struct BackupCommandTests {
    private func backup(_ data: URL, to out: URL) throws -> (status: Int32, output: String, errors: String) {
        let migrations = TestService.root.appending(path: "Migrations").path
        return try runLimbic(["backup", "--data-dir", data.path, "--out", out.path, "--migrations", migrations])
    }

    @Test func aServiceStartsOnTheCopy() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        try await service.makeModel()
        let size = #"{"d_model": 8, "heads": 2, "epochs": 1}"#
        let body = #"{"dataset": "\#(dataset)", "model": "emo", "hyperparameters": \#(size)}"#
        let job = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let out = URL.temporary()
        defer { try? FileManager.default.removeItem(at: out) }
        let made = try backup(service.directory, to: out)
        #expect(made.status == 0, "\(made.errors)")
        let counts = "1 jobs, 1 data sets and 1 model versions; 8 files, 8 of them as links; "
        #expect(made.output.hasPrefix("\(out.path): \(counts)"))
        let copy = try TestService.make(at: out)
        #expect(try await copy.get("/v1/models/emo/versions/1/weights").status == 200)
        // All that a training needs is there.
        let pool = Task { try await copy.backend.makePool().run() }
        let record = try await copy.job(job) { $0.state.isOver }
        #expect(record.state == .succeeded, "\(record.error ?? "")")
        pool.cancel()
        try await pool.value
        #expect(try await service.get("/v1/jobs/\(job)").json["status"].text == "queued")
        let again = try backup(service.directory, to: out)
        #expect(again.status == 64 && again.errors.contains("is not empty: name an empty or a new directory"))
    }

    @Test func namesADirectoryThatIsNone() throws {
        let directory = URL.temporary()
        let end = try backup(directory, to: URL.temporary())
        #expect(end.status == 66)
        #expect(end.errors == "limbic: \(directory.path) is not a data directory of Limbic with a database\n")
    }
}
