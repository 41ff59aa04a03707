import Foundation
import HTTP
import HTTPTypes
import JSON
import Platform
import Testing

@testable import Jobs
@testable import Service

/// What clients and jobs see of a store that cannot be written for a while.
struct StoreCareTests {
    /// A disk that is full when the test says so.
    private final class Disk: Sendable {
        private let isFull = Mutex(false)
        private let (refusals, continuation) = AsyncStream<Void>.makeStream()

        func fill() { isFull.withLock { $0 = true } }

        func free() { isFull.withLock { $0 = false } }

        /// What a transaction meets at its end.
        @Sendable func commit() throws {
            guard isFull.withLock({ $0 }) else { return }
            continuation.yield()
            throw StorageError(kind: .full, code: 13, message: "database or disk is full")
        }

        /// Returns when so many transactions have been refused.
        func refuse(_ count: Int) async {
            var left = count
            for await _ in refusals {
                left -= 1
                if left == 0 { return }
            }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func aFullDiskCostsTimeAndNothingElse() async throws {
        let disk = Disk()
        let service = try TestService.make(database: .init(beforeCommit: disk.commit))
        service.backend.health.start()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"""
            {"dataset": "\#(dataset)", "model": "emo", "max_attempts": 1, "hyperparameters": {"d_model": 16, "heads": 2,
             "feed_forward": 32, "unimodal_blocks": 1, "multimodal_blocks": 1, "batch_size": 16, "epochs": 40}}
            """#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let pool = Task { try await service.backend.makePool().run() }
        _ = try await service.job(id) { ($0.progress?.step ?? 0) > 0 }
        disk.fill()
        try expectProblem(await service.post("/v1/jobs", body), 507, "disk_full")
        await service.backend.health.probe()
        try expectProblem(await service.get("/v2/health/ready"), 503, "store_unavailable")
        // One of them was what the worker said: there is nobody else who writes.
        await disk.refuse(3)
        #expect(try await service.get("/v1/jobs/\(id)").status == 200)
        disk.free()
        await service.backend.health.probe()
        #expect(try await service.get("/v2/health/ready").status == 200)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.state == .succeeded, "\(record.error ?? "")")
        #expect(record.attempts.count == 1)
        // Every epoch was told.
        let events = try await service.backend.jobs.events(of: id, limit: 1000).data
        #expect(events.filter { $0.kind == "epoch" }.count == 40)
        #expect(try await service.post("/v1/jobs", body).status == 201)
        pool.cancel()
        try await pool.value
    }

    @Test func aStoreThatIsHeldByAnotherProgramIsUnavailable() async throws {
        // What a connection meets after its busy timeout.
        let isHeld = Mutex(true)
        let service = try TestService.make(
            database: .init(beforeCommit: {
                guard isHeld.withLock({ $0 }) else { return }
                throw StorageError(kind: .busy, code: 5, message: "database is locked")
            }))
        let refused = try await service.post("/v1/datasets", #"{"name": "words"}"#)
        try expectProblem(refused, 503, "store_unavailable")
        #expect(refused.fields[.retryAfter] == "5")
        #expect(try await service.get("/v1/datasets").status == 200)
        isHeld.withLock { $0 = false }
        #expect(try await service.post("/v1/datasets", #"{"name": "words"}"#).status == 201)
    }
}
