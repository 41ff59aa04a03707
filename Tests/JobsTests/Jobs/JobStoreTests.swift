import Foundation
import GRDB
import Testing

@testable import Jobs

@Suite struct JobStoreTests {
    @Test func submittedWaitsWithItsFirstEvent() async throws {
        let fixture = try Fixture.make()
        let job = try await fixture.submit(priority: 3, maxAttempts: 2, document: #"{"seed":7}"#)
        #expect(job.id.hasPrefix("job_"))
        #expect(job.state == .queued)
        #expect(job.priority == 3)
        #expect(job.maxAttempts == 2)
        #expect(job.attempt == 0)
        #expect(job.document == Data(#"{"seed":7}"#.utf8))
        #expect(try await fixture.jobs.get(job.id) == job)
        let events = try await fixture.events(of: job.id)
        #expect(events.map(\.sequence) == [1])
        #expect(events.map(\.document) == [Data(#"{"state":"queued"}"#.utf8)])
    }

    @Test func unknownDatasetMakesNoJob() async throws {
        let fixture = try Fixture.make()
        let submission = JobSubmission(dataset: "ds_none", model: "emo", document: Data("{}".utf8))
        await #expect(throws: JobStoreError.unknownDataset(id: "ds_none")) {
            try await fixture.jobs.submit(submission)
        }
        #expect(try await fixture.jobs.list().data.isEmpty)
    }

    @Test func refusedSubmissionFreezesNothing() async throws {
        struct Refusal: Error {}
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset()
        let submission = JobSubmission(dataset: dataset.id, model: "emo", document: Data("{}".utf8))
        await #expect(throws: Refusal.self) {
            try await fixture.jobs.submit(submission) { _ in throw Refusal() }
        }
        #expect(try await fixture.datasets.get(dataset.id) == dataset)
    }

    @Test func forgetsAKeyAfterADay() async throws {
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset()
        var submission = JobSubmission(dataset: dataset.id, model: "emo", document: Data("{}".utf8))
        submission.idempotency = .init(key: "k", digest: "sha256:aa")
        let first = try await fixture.jobs.submit(submission)
        fixture.clock.advance(by: 86_000_000)
        let again = try await fixture.jobs.submit(submission)
        #expect(!again.isNew && again.job.id == first.job.id)
        fixture.clock.advance(by: 500_000)
        let late = try await fixture.jobs.submit(submission)
        #expect(late.isNew && late.job.id != first.job.id)
        // The key stands for the later job now, and for a day from then.
        submission.idempotency?.digest = "sha256:bb"
        await #expect(throws: JobStoreError.idempotencyConflict(key: "k")) {
            try await fixture.jobs.submit(submission)
        }
        fixture.clock.advance(by: 86_500_000)
        #expect(try await fixture.jobs.submit(submission).isNew)
    }

    @Test func oneKeyFromManyClientsMakesOneJob() async throws {
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset()
        let submission = JobSubmission(
            dataset: dataset.id,
            model: "emo",
            document: Data("{}".utf8),
            idempotency: .init(key: "k", digest: "sha256:aa")
        )
        let made = try await withThrowingTaskGroup(of: (String, Bool).self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let made = try await fixture.jobs.submit(submission)
                    return (made.job.id, made.isNew)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(made.map(\.0)).count == 1)
        #expect(made.filter(\.1).count == 1)
        #expect(try await fixture.jobs.list().data.count == 1)

        var repeated = submission
        repeated.idempotency?.digest = "sha256:bb"
        let other = repeated
        await #expect(throws: JobStoreError.idempotencyConflict(key: "k")) {
            try await fixture.jobs.submit(other)
        }
    }

    @Test func pagesFromTheNewestByState() async throws {
        let fixture = try Fixture.make()
        var ids: [String] = []
        for _ in 0..<5 {
            ids.append(try await fixture.submit().id)
            // Lists follow the order of submission whatever the clock does.
            fixture.clock.advance(by: -1000)
        }
        _ = try await fixture.jobs.requestCancel(ids[1])
        let first = try await fixture.jobs.list(limit: 2)
        #expect(first.data.map(\.id) == [ids[4], ids[3]])
        #expect(first.hasMore)
        let queued = try await fixture.jobs.list(state: .queued, after: ids[3], limit: 2)
        #expect(queued.data.map(\.id) == [ids[2], ids[0]])
        #expect(!queued.hasMore)
        #expect(try await fixture.jobs.list(state: .cancelled).data.map(\.id) == [ids[1]])
        await #expect(throws: JobStoreError.unknownCursor("job_none")) {
            try await fixture.jobs.list(after: "job_none")
        }
    }

    @Test func queuedIsCancelledAtOnce() async throws {
        let fixture = try Fixture.make()
        let id = try await fixture.submit().id
        let cancelled = try await fixture.jobs.requestCancel(id)
        #expect(cancelled.state == .cancelled)
        #expect(cancelled.finishedAt != nil)
        #expect(try await fixture.jobs.requestCancel(id) == cancelled)
        #expect(try await fixture.jobs.claim() == nil)
        #expect(try await fixture.states(of: id) == ["queued", "cancelled"])
    }

    @Test func runningIsCancelledByItsAttempt() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let asked = try await fixture.jobs.requestCancel(claimed.job.id)
        #expect(asked.state == .cancelling)
        #expect(try await fixture.jobs.requestCancel(claimed.job.id) == asked)
        // The cancellation was first, so the success that comes in after it makes no model.
        let over = try await fixture.jobs.finish(
            claimed.token,
            .succeeded(result: Data("{}".utf8), models: [.make()])
        )
        #expect(over?.state == .cancelled)
        #expect(over?.attempts.map(\.outcome) == [.cancelled])
        #expect(try await fixture.models.newest("emo") == nil)
    }

    @Test func onlyWhatIsOverIsDeleted() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let id = claimed.job.id
        await #expect(throws: JobStoreError.notOver(id: id, state: .running)) { try await fixture.jobs.delete(id) }
        try await fixture.jobs.finish(claimed.token, .succeeded(result: Data("{}".utf8), models: [.make()]))
        let files = try await fixture.jobs.delete(id)
        #expect(files == ["logs/\(id).log", "checkpoints/\(id)/"])
        #expect(try await PendingFiles(fixture.database).all() == ["work/\(id)-1"] + files)
        #expect(try await fixture.jobs.get(id) == nil)
        await #expect(throws: JobStoreError.notFound(id: id)) { try await fixture.jobs.events(of: id) }
        // The model does not go with the job it came of.
        #expect(try await fixture.models.newest("emo") != nil)
        await #expect(throws: JobStoreError.notFound(id: id)) { try await fixture.jobs.delete(id) }
    }

    @Test func overCannotBeCancelled() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        try await fixture.jobs.finish(claimed.token, .failed(error: "broken"))
        await #expect(throws: JobStoreError.over(id: claimed.job.id, state: .failed)) {
            try await fixture.jobs.requestCancel(claimed.job.id)
        }
        await #expect(throws: JobStoreError.notFound(id: "job_none")) {
            try await fixture.jobs.requestCancel("job_none")
        }
    }

    @Test func stateThatIsOverCannotBeChangedByAnyStatement() async throws {
        let fixture = try Fixture.make()
        let id = try await fixture.submit().id
        _ = try await fixture.jobs.requestCancel(id)
        await #expect(throws: StorageError.self) {
            try await fixture.database.write { try $0.execute(sql: "UPDATE jobs SET state = 'queued'") }
        }
    }

    @Test func cancelAgainstSuccessHasOneWinner() async throws {
        let fixture = try Fixture.make()
        for _ in 0..<20 {
            let claimed = try await fixture.claim()
            async let cancel = try? fixture.jobs.requestCancel(claimed.job.id)
            async let finish = fixture.jobs.finish(claimed.token, .succeeded(result: Data("{}".utf8), models: []))
            let (asked, over) = try await (cancel, finish)
            let job = try #require(try await fixture.jobs.get(claimed.job.id))
            #expect(over == job)
            #expect(job.state == (asked == nil ? .succeeded : .cancelled))
        }
    }

    @Test func listenersHearOfEachChange() async throws {
        let fixture = try Fixture.make()
        let id = try await fixture.submit().id
        var changes = fixture.jobs.changes(of: id).makeAsyncIterator()
        #expect(await changes.next() != nil)
        let claimed = try #require(try await fixture.jobs.claim())
        #expect(await changes.next() != nil)
        try await fixture.jobs.record(.init(metrics: [.init(name: "loss", step: 1, value: 1)]), of: claimed.token)
        #expect(await changes.next() != nil)
    }
}
