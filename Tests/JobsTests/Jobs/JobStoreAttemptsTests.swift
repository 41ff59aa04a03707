import Foundation
import Testing

@testable import Jobs

@Suite struct JobStoreAttemptsTests {
    @Test func claimsByPriorityThenAge() async throws {
        let fixture = try Fixture.make()
        var ids: [String] = []
        for priority in [0, 5, -1, 5, 0] {
            ids.append(try await fixture.submit(priority: priority).id)
            fixture.clock.advance(by: -1000)
        }
        var claimed: [String] = []
        while let next = try await fixture.jobs.claim() {
            claimed.append(next.job.id)
        }
        #expect(claimed == [ids[1], ids[3], ids[0], ids[4], ids[2]])
    }

    @Test func claimBeginsAnAttempt() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        #expect(claimed.job.state == .running)
        #expect(claimed.job.attempt == 1)
        #expect(claimed.job.startedAt != nil)
        #expect(claimed.job.attempts.map(\.outcome) == [.running])
        #expect(claimed.dataset.splits.map(\.name) == ["train"])
        #expect(claimed.token == AttemptToken(job: claimed.job.id, attempt: 1))
    }

    @Test func parallelClaimsTakeEachJobOnce() async throws {
        let fixture = try Fixture.make()
        for _ in 0..<10 {
            try await fixture.submit()
        }
        let claimed = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask { try await fixture.jobs.claim()?.job.id }
            }
            return try await group.reduce(into: []) { $0.append($1) }.compactMap(\.self)
        }
        #expect(claimed.count == 10)
        #expect(Set(claimed).count == 10)
    }

    @Test func reportIsWrittenTogether() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let progress = JobProgress(step: 3, steps: 10, epoch: 0, epochs: 1, clipsPerSecond: 12.5)
        let stands = try await fixture.jobs.record(
            AttemptReport(
                progress: progress,
                events: [.init(kind: "epoch", document: Data(#"{"epoch":0}"#.utf8))],
                metrics: [.init(name: "loss", step: 3, value: 0.5), .init(name: "loss", step: 2, value: .nan)]
            ),
            of: claimed.token
        )
        #expect(stands)
        let job = try #require(try await fixture.jobs.get(claimed.job.id))
        #expect(job.progress == progress)
        #expect(job.revision == claimed.job.revision + 1)
        #expect(try await fixture.events(of: job.id).map(\.kind) == ["state", "state", "epoch"])
        let series = try await fixture.jobs.metrics(of: job.id)
        #expect(series == [.init(name: "loss", points: [.init(step: 2, value: nil), .init(step: 3, value: 0.5)])])
    }

    @Test func replayedStepOverwrites() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        for value in [1.0, 2.0] {
            try await fixture.jobs.record(
                .init(metrics: [.init(name: "loss", step: 1, value: value)]),
                of: claimed.token
            )
        }
        let series = try await fixture.jobs.metrics(of: claimed.job.id)
        #expect(series == [.init(name: "loss", points: [.init(step: 1, value: 2)])])
    }

    @Test func eventsHaveNoGapsUnderConcurrency() async throws {
        let fixture = try Fixture.make()
        let claimed = try await [fixture.claim(), fixture.claim()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let event = AttemptReport.Event(kind: "tick", document: Data(#"{"i":\#(index)}"#.utf8))
                    let report = AttemptReport(events: [event, event])
                    try await fixture.jobs.record(report, of: claimed[index % 2].token)
                }
            }
            try await group.waitForAll()
        }
        for job in claimed {
            let events = try await fixture.events(of: job.job.id)
            #expect(events.map(\.sequence) == Array(1...102))
            #expect(try await fixture.jobs.get(job.job.id)?.lastEvent == 102)
        }
    }

    @Test func successMakesItsModelVersion() async throws {
        let fixture = try Fixture.make()
        let claimed = try await fixture.claim()
        let over = try await fixture.jobs.finish(
            claimed.token,
            .succeeded(result: Data(#"{"f1":0.6}"#.utf8), models: [.make()])
        )
        #expect(over?.state == .succeeded)
        #expect(over?.result == Data(#"{"f1":0.6}"#.utf8))
        #expect(over?.versions == [.init(name: "emo", version: 1)])
        #expect(over?.attempts.map(\.outcome) == [.succeeded])
        #expect(try await fixture.models.newest("emo")?.job == claimed.job.id)
    }

    @Test func failureIsRetriedUntilTheLastAttempt() async throws {
        let fixture = try Fixture.make()
        let first = try await fixture.claim(maxAttempts: 2)
        let waiting = try await fixture.jobs.finish(first.token, .failed(error: "one"))
        #expect(waiting?.state == .queued)
        #expect(waiting?.error == nil)
        let second = try #require(try await fixture.jobs.claim())
        #expect(second.token == AttemptToken(job: first.job.id, attempt: 2))
        let over = try await fixture.jobs.finish(second.token, .failed(error: "two"))
        #expect(over?.state == .failed)
        #expect(over?.error == "two")
        #expect(over?.attempts.map(\.error) == ["one", "two"])
        #expect(try await fixture.states(of: first.job.id) == ["queued", "running", "queued", "running", "failed"])
    }

    @Test func aFinalFailureIsNotRetried() async throws {
        let fixture = try Fixture.make()
        let first = try await fixture.claim(maxAttempts: 5)
        let over = try await fixture.jobs.finish(first.token, .failed(error: "diverged", isFinal: true))
        #expect(over?.state == .failed)
        #expect(over?.error == "diverged")
        #expect(try await fixture.jobs.claim() == nil)
    }

    @Test func interruptionDoesNotCount() async throws {
        let fixture = try Fixture.make()
        let first = try await fixture.claim()
        let waiting = try await fixture.jobs.finish(first.token, .interrupted(reason: "the server stopped"))
        #expect(waiting?.state == .queued)
        let second = try #require(try await fixture.jobs.claim())
        #expect(second.job.attempts.map(\.outcome) == [.interrupted, .running])
        let last = try await fixture.events(of: first.job.id).first { $0.fields["reason"] != nil }
        #expect(last?.document == Data(#"{"reason":"the server stopped","state":"queued"}"#.utf8))
        #expect(try await fixture.jobs.finish(second.token, .failed(error: "broken"))?.state == .failed)
    }

    @Test func lateWordsOfAnAttemptGivenUpChangeNothing() async throws {
        let fixture = try Fixture.make()
        let first = try await fixture.claim(maxAttempts: 3)
        try await fixture.jobs.finish(first.token, .failed(error: "lost"))
        _ = try #require(try await fixture.jobs.claim())
        let before = try await fixture.jobs.get(first.job.id)
        let report = AttemptReport(
            progress: JobProgress(step: 9, steps: 9, epoch: 1, epochs: 1),
            events: [.init(kind: "late", document: Data("{}".utf8))],
            metrics: [.init(name: "late", step: 1, value: 1)]
        )
        #expect(try await fixture.jobs.record(report, of: first.token) == false)
        let outcomes: [AttemptOutcome] = [
            .succeeded(result: Data("{}".utf8), models: [.make()]), .failed(error: "late"), .cancelled,
            .interrupted(reason: "late"),
        ]
        for outcome in outcomes {
            #expect(try await fixture.jobs.finish(first.token, outcome) == nil)
        }
        #expect(try await fixture.jobs.get(first.job.id) == before)
        #expect(try await fixture.jobs.metrics(of: first.job.id).isEmpty)
        #expect(try await fixture.models.newest("emo") == nil)
    }

    @Test func jobsOfAServerThatIsGoneWaitAgain() async throws {
        let directory = URL.temporary()
        var running: ClaimedJob?
        var cancelling: ClaimedJob?
        do {
            let gone = try Fixture.make(directory: directory, keepsDirectory: true)
            running = try await gone.claim()
            cancelling = try await gone.claim()
            _ = try await gone.jobs.requestCancel(#require(cancelling).job.id)
            try gone.database.close()
        }
        let fixture = try Fixture.make(directory: directory)
        let first = try #require(running)
        #expect(try await fixture.jobs.requeueInterrupted() == [first.job.id])
        let waiting = try #require(try await fixture.jobs.get(first.job.id))
        #expect(waiting.state == .queued)
        #expect(waiting.attempts.map(\.outcome) == [.interrupted])
        #expect(try await fixture.events(of: first.job.id).last?.fields["reason"] == "the server stopped")
        #expect(try await fixture.jobs.get(#require(cancelling).job.id)?.state == .cancelled)
        #expect(try await fixture.jobs.requeueInterrupted().isEmpty)
        let second = try #require(try await fixture.jobs.claim())
        #expect(second.token == AttemptToken(job: first.job.id, attempt: 2))
        #expect(try await fixture.jobs.finish(second.token, .failed(error: "broken"))?.state == .failed)
    }
}
