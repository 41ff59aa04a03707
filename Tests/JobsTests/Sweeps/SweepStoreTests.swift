import Foundation
import GRDB
import Testing

@testable import Jobs

@Suite struct SweepStoreTests {
    private static func submission(_ dataset: DatasetRecord, jobs: Int, cells: Int = 2) -> SweepSubmission {
        SweepSubmission(
            document: Data("{}".utf8),
            dataset: dataset.id,
            jobs: (0..<jobs).map { index in
                let document = Data(#"{"seed":\#(index / cells)}"#.utf8)
                return (JobSubmission(dataset: dataset.id, model: "emo", document: document), index % cells)
            }
        )
    }

    @Test func makesAllOrNothing() async throws {
        struct Refusal: Error {}
        let fixture = try Fixture.make()
        let sweeps = SweepStore(fixture.database)
        let dataset = try await fixture.makeDataset()
        let submission = Self.submission(dataset, jobs: 6)
        await #expect(throws: Refusal.self) { try await sweeps.submit(submission) { _ in throw Refusal() } }
        #expect(try await fixture.datasets.get(dataset.id) == dataset)
        #expect(try await fixture.jobs.list().data.isEmpty)
        #expect(try await sweeps.list().data.isEmpty)

        let (sweep, isNew) = try await sweeps.submit(submission)
        #expect(isNew && sweep.id.hasPrefix("sweep_") && sweep.counts == [.queued: 6] && !sweep.isOver)
        #expect(try await fixture.datasets.get(dataset.id)?.frozenAt != nil)
        let jobs = try await sweeps.jobs(of: sweep.id, seed: "$.seed", values: ["$.a", "$.b.c"])
        #expect(jobs.map(\.cell) == [0, 1, 0, 1, 0, 1] && jobs.map(\.seed) == [0, 0, 1, 1, 2, 2])
        #expect(jobs.allSatisfy { $0.values == [nil, nil] && $0.state == .queued })
        #expect(try await fixture.states(of: jobs[5].id) == ["queued"])
        #expect(try await fixture.jobs.list(sweep: sweep.id).data.map(\.id) == jobs.map(\.id).reversed())
        #expect(try await fixture.jobs.get(jobs[5].id)?.sweep == .init(id: sweep.id, cell: 1))
        // They are claimed in their order.
        #expect(try await fixture.jobs.claim()?.job.id == jobs[0].id)
        await #expect(throws: JobStoreError.unknownSweep(id: "sweep_none")) {
            try await fixture.jobs.list(sweep: "sweep_none")
        }
    }

    @Test func readsNumbersOfResults() async throws {
        let fixture = try Fixture.make()
        let sweeps = SweepStore(fixture.database)
        let (sweep, _) = try await sweeps.submit(Self.submission(fixture.makeDataset(), jobs: 2))
        let claimed = try #require(try await fixture.jobs.claim())
        let result = Data(#"{"a": 1, "b": {"c": 0.25}, "d": "no number"}"#.utf8)
        _ = try await fixture.jobs.finish(claimed.token, .succeeded(result: result, models: [.make()]))
        let jobs = try await sweeps.jobs(of: sweep.id, seed: "$.none", values: ["$.b.c", "$.a", "$.d"])
        #expect(jobs.map(\.values) == [[0.25, 1, nil], [nil, nil, nil]] && jobs.map(\.seed) == [nil, nil])
    }

    @Test func goesAsAWholeAndNotByAge() async throws {
        let fixture = try Fixture.make()
        let sweeps = SweepStore(fixture.database)
        let dataset = try await fixture.makeDataset()
        let (sweep, _) = try await sweeps.submit(Self.submission(dataset, jobs: 3))
        let claimed = try #require(try await fixture.jobs.claim())
        _ = try await fixture.jobs.finish(claimed.token, .succeeded(result: Data("{}".utf8), models: [.make()]))
        await #expect(throws: SweepStoreError.notOver(id: sweep.id, jobs: 2)) {
            try await sweeps.delete(sweep.id) { _, _ in }
        }
        let cancelled = try await sweeps.cancel(sweep.id)
        #expect(cancelled.counts == [.succeeded: 1, .cancelled: 2] && cancelled.isOver)
        #expect(try await fixture.jobs.deleteFinished(before: .max).isEmpty)
        await #expect(throws: JobStoreError.partOfSweep(id: claimed.job.id, sweep: sweep.id)) {
            try await fixture.jobs.delete(claimed.job.id)
        }
        var (files, versions): ([String], [JobRecord.ModelReference]) = ([], [])
        try await sweeps.delete(sweep.id) {
            files += $0
            versions += $1
        }
        #expect(files.count == 6 && versions == [.init(name: "emo", version: 1)])
        #expect(try await fixture.jobs.list().data.isEmpty)
        #expect(try await sweeps.get(sweep.id) == nil)
        #expect(try await fixture.models.get("emo", version: 1)?.job == nil)
        #expect(Set(try await PendingFiles(fixture.database).all()).isSuperset(of: files))
    }

    @Test func makesAThousandJobs() async throws {
        let fixture = try Fixture.make()
        let sweeps = SweepStore(fixture.database)
        let (sweep, _) = try await sweeps.submit(Self.submission(fixture.makeDataset(), jobs: 1000))
        #expect(sweep.counts == [.queued: 1000])
        #expect(try await sweeps.jobs(of: sweep.id, seed: "$.seed", values: []).count == 1000)
        #expect(try await sweeps.cancel(sweep.id).counts == [.cancelled: 1000])
        var files = 0
        try await sweeps.delete(sweep.id) { paths, _ in files += paths.count }
        #expect(files == 2000)
        #expect(try await fixture.jobs.list().data.isEmpty)
    }
}
