import Foundation
import Testing

@testable import Jobs

@Suite struct JobStoreHistoryTests {
    @Test func eventsPageBySequence() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let first = try await fixture.jobs.events(of: claimed.job.id, limit: 1)
        #expect(first.data.map(\.sequence) == [1])
        #expect(first.hasMore)
        let second = try await fixture.jobs.events(of: claimed.job.id, after: 1, limit: 1)
        #expect(second.data.map(\.sequence) == [2])
        #expect(second.data.map(\.attempt) == [1])
        #expect(!second.hasMore)
        await #expect(throws: JobStoreError.notFound(id: "job_none")) {
            try await fixture.jobs.events(of: "job_none")
        }
    }

    @Test(arguments: [1, 2, 3, 9, 10, 11, 100, 101], [2, 3, 10, 100])
    func thinningKeepsTheEndsAndTheBound(count: Int, maxPoints: Int) async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let metrics = (0..<count).map { AttemptReport.Metric(name: "loss", step: $0 * 3, value: Double($0)) }
        try await fixture.jobs.record(.init(metrics: metrics), of: claimed.token)
        let series = try await fixture.jobs.metrics(of: claimed.job.id, maxPoints: maxPoints)
        let points = try #require(series.first).points
        #expect(points.count == min(count, maxPoints))
        #expect(points.first?.step == 0)
        #expect(points.last?.step == (count - 1) * 3)
        let gaps = zip(points, points.dropFirst()).map { $1.step - $0.step }
        #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 3)
    }

    /// Steps as they come of metrics that are rare, come in bursts or begin late.
    @Test(
        arguments: [
            [0, 1, 2, 3, 1000], [5, 6, 7, 1_000_000_000_000], Array(stride(from: 1, through: 9000, by: 97)),
            Array(0..<50) + Array(5000..<5050), [1 << 40],
        ],
        [2, 3, 4, 5, 50, 99, 100, 1000]
    )
    func thinningOfUnevenStepsKeepsTheEndsAndTheBound(steps: [Int], maxPoints: Int) async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let metrics = steps.map { AttemptReport.Metric(name: "loss", step: $0, value: Double($0)) }
        try await fixture.jobs.record(.init(metrics: metrics), of: claimed.token)
        let series = try await fixture.jobs.metrics(of: claimed.job.id, maxPoints: maxPoints)
        let points = try #require(series.first).points
        #expect(points.count <= maxPoints)
        if steps.count <= maxPoints { #expect(points.map(\.step) == steps) }
        #expect(points.first?.step == steps.first && points.last?.step == steps.last)
        #expect(points.allSatisfy { $0.value == Double($0.step) })
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.step < $1.step })
    }

    @Test func metricsByNameAndFromAStep() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let metrics = ["a", "b", "c"].flatMap { name in
            (1...4).map { AttemptReport.Metric(name: name, step: $0, value: Double($0)) }
        }
        try await fixture.jobs.record(.init(metrics: metrics), of: claimed.token)
        let series = try await fixture.jobs.metrics(of: claimed.job.id, names: ["c", "a", "none"], fromStep: 3)
        #expect(series.map(\.name) == ["a", "c"])
        #expect(series.allSatisfy { $0.points.map(\.step) == [3, 4] })
        #expect(try await fixture.jobs.metrics(of: claimed.job.id, names: []).isEmpty)
        await #expect(throws: JobStoreError.notFound(id: "job_none")) {
            try await fixture.jobs.metrics(of: "job_none")
        }
    }
}
