import Foundation
import GRDB
import Platform
import Testing

@testable import Jobs

/// What the pool does with its children and jobs beside running them.
@Suite(.timeLimit(.minutes(30))) struct WorkerPoolLifeTests {
    @Test func shutdownPutsJobsBack() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.event("ready", text: "$$"))\nread -r more; sleep 1000")
        let id = try await pool.fixture.submit().id
        let pid = try await pool.run {
            let event = try await pool.fixture.event("ready", of: id)
            return try #require(event.fields["text"].flatMap { pid_t($0) })
        }
        #expect(kill(pid, 0) == -1)
        let waiting = try #require(try await pool.jobs.get(id))
        #expect(waiting.state == .queued)
        #expect(waiting.attempts.map(\.outcome) == [.interrupted])

        try pool.write("read -r spec\n\(Say.result)")
        let job = try await pool.finish(id)
        #expect(job.state == .succeeded)
        #expect(job.attempt == 2)
    }

    @Test func resultThatIsInBeforeShutdownCounts() async throws {
        let pool = try PoolFixture.make(
            """
            trap 'exit 0' TERM
            read -r spec
            \(Say.result)
            \(Say.event("ready"))
            read -r more
            """
        )
        let id = try await pool.fixture.submit().id
        _ = try await pool.run { try await pool.fixture.event("ready", of: id) }
        #expect(try await pool.jobs.get(id)?.state == .succeeded)
    }

    @Test func endsWithoutAnErrorWhenItIsCancelledAtOnce() async throws {
        let pool = try PoolFixture.make(Say.result)
        for _ in 0..<10 { try await pool.run {} }
    }

    @Test(arguments: ["exit 75", "exit 143", "kill -TERM $$", "kill -INT $$", "kill -HUP $$"])
    func endOrderedFromOutsideUsesUpNoAttempt(end: String) async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            [ -e "$DIR/again" ] || { touch "$DIR/again"; \(end); }
            \(Say.result)
            """
        )
        let id = try await pool.fixture.submit(maxAttempts: 1).id
        let options = WorkerPool.Options(gracePeriod: { .seconds(20) }, retryDelay: .milliseconds(1))
        let job = try await pool.finish(id, options: options)
        #expect(job.state == .succeeded)
        #expect(job.attempts.map(\.outcome) == [.interrupted, .succeeded])
        #expect(job.attempts.first?.error == "the worker was told to stop from outside the server")
    }

    @Test func anInterruptedJobLetsOthersGoFirst() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            case $spec in *preempted*) [ -e "$DIR/again" ] || { touch "$DIR/again"; exit 75; };; esac
            \(Say.result)
            """
        )
        let first = try await pool.fixture.submit(priority: 1, document: #"{"preempted":1}"#).id
        let second = try await pool.fixture.submit().id
        try await pool.run(options: .init(gracePeriod: { .seconds(20) }, retryDelay: .seconds(600))) {
            let other = try await pool.fixture.job(second) { $0.state.isOver }
            #expect(other.state == .succeeded)
            #expect(try await pool.jobs.get(first)?.state == .queued)
            // One that waits for its next attempt is cancelled at once.
            #expect(try await pool.jobs.requestCancel(first).state == .cancelled)
        }
    }

    @Test func wantOfResourcesUsesUpNoAttempt() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.result)")
        let id = try await pool.fixture.submit(maxAttempts: 1).id
        let tries = Mutex(0)
        let hooks = WorkerPool.Hooks.make(specification: { job in
            let count = tries.withLock { tries in
                tries += 1
                return tries
            }
            if count < 3 { throw AttemptError("the worker could not be started", code: EMFILE) }
            return job.job.document
        })
        let options = WorkerPool.Options(gracePeriod: { .seconds(20) }, retryDelay: .milliseconds(1))
        let job = try await pool.finish(id, options: options, hooks: hooks)
        #expect(job.state == .succeeded)
        #expect(job.attempts.map(\.outcome) == [.interrupted, .interrupted, .succeeded])
        #expect(job.attempts.first?.error == "the worker could not be started: Too many open files")
    }

    @Test(arguments: [
        (EMFILE, true), (ENFILE, true), (EAGAIN, true), (ENOMEM, true), (ENOSPC, true), (ENOENT, false),
        (EACCES, false),
    ])
    func tellsWhatMayPass(code: Int32, isTemporary: Bool) {
        #expect(AttemptError("x", code: code).isTemporary == isTemporary)
    }

    @Test(arguments: ["exit 1", "exit 75", Say.result])
    func cleansUpBeforeTheOutcomeIsKnown(end: String) async throws {
        let pool = try PoolFixture.make("read -r spec\n\(end)")
        let id = try await pool.fixture.submit().id
        let jobs = pool.jobs
        let (states, continuation) = AsyncStream<JobState?>.makeStream()
        let hooks = WorkerPool.Hooks.make(discard: { paths in
            #expect(paths == [DataLayout.work(AttemptToken(job: id, attempt: 1))])
            continuation.yield(try? await jobs.get(id)?.state)
        })
        try await pool.run(hooks: hooks) {
            var iterator = states.makeAsyncIterator()
            #expect(await iterator.next() == .running)
            _ = try await pool.fixture.job(id) { $0.state != .running }
        }
    }

    @Test func failureIsNoLongerThanAScreen() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            printf '{"type":"failure","message":"%s"}\\n' "$(head -c 100000 /dev/zero | tr '\\0' 'x')"
            exit 70
            """
        )
        let id = try await pool.fixture.submit().id
        #expect(try await pool.finish(id).error?.count == 2000)
    }

    @Test func jobsOfAServerThatIsGoneRunAgain() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.result)")
        let claimed = try await pool.fixture.claim()
        let job = try await pool.finish(claimed.job.id)
        #expect(job.state == .succeeded)
        #expect(job.attempts.map(\.outcome) == [.interrupted, .succeeded])
    }

    @Test func attemptGivenUpElsewhereIsEnded() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            if [ -e "$DIR/again" ]; then \(Say.result); exit 0; fi
            touch "$DIR/again"
            \(Say.event("ready"))
            while :; do \(Say.event("late")); sleep 0.05; done
            """
        )
        let id = try await pool.fixture.submit().id
        try await pool.run {
            _ = try await pool.fixture.event("ready", of: id)
            let token = AttemptToken(job: id, attempt: 1)
            #expect(try await pool.jobs.finish(token, .interrupted(reason: "lost"))?.state == .queued)
            let job = try await pool.fixture.job(id) { $0.state.isOver }
            #expect(job.state == .succeeded)
            #expect(job.attempts.map(\.error) == ["lost", nil])
        }
        let events = try await pool.fixture.events(of: id)
        #expect(!events.contains { $0.kind == "late" && $0.attempt == 2 })
    }

    @Test func childHoldsNothingOfItsSiblings() async throws {
        // A write end of a sibling's input in a child would keep the sibling from seeing that the server is gone.
        let pool = try PoolFixture.make(
            """
            read -r spec
            input=$(readlink /proc/$$/fd/0)
            \(Say.event("input", text: "$input"))
            open=$(readlink /proc/$$/fd/* | tr '\\n' ' ')
            \(Say.event("open", text: "$open"))
            read -r more
            """
        )
        var ids: [String] = []
        for _ in 0..<3 {
            ids.append(try await pool.fixture.submit().id)
        }
        let inputs = Mutex<[String]>([])
        let open = Mutex<[String]>([])
        try await pool.run(options: .init(slots: 3)) { [ids] in
            for id in ids {
                let input = try await pool.fixture.event("input", of: id)
                inputs.withLock { $0.append(input.fields["text"] ?? "") }
                let all = try await pool.fixture.event("open", of: id)
                open.withLock { $0.append(all.fields["text"] ?? "") }
            }
        }
        for (child, input) in inputs.withLock(\.self).enumerated() {
            #expect(input.hasPrefix("pipe:["))
            for (other, descriptors) in open.withLock(\.self).enumerated() {
                #expect(descriptors.contains(input) == (other == child))
            }
        }
    }

    @Test func childrenYieldAndHaveASessionOfTheirOwn() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            \(Say.event("nice", text: "$(nice)"))
            \(Say.event("session", text: "$(cut -d' ' -f6 /proc/$$/stat) $$"))
            \(Say.result)
            """
        )
        let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        for niceness in [0, 7] {
            let id = try await pool.fixture.submit().id
            let options = WorkerPool.Options(launcher: Launcher(niceness: niceness))
            #expect(try await pool.finish(id, options: options).state == .succeeded)
            let events = try await pool.fixture.events(of: id)
            #expect(events.first { $0.kind == "nice" }?.fields["text"] == "\(min(19, Int(own) + niceness))")
            let session = events.first { $0.kind == "session" }?.fields["text"]?.split(separator: " ")
            #expect(session?.first == session?.last)
        }
    }

    @Test func launcherStandsInFront() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.event("launched", text: "$LAUNCHED $1"))\n\(Say.result)")
        let id = try await pool.fixture.submit().id
        let options = WorkerPool.Options(launcher: Launcher(prefix: ["env", "LAUNCHED=by env"]))
        #expect(try await pool.finish(id, options: options).state == .succeeded)
        let event = try await pool.fixture.events(of: id).first { $0.kind == "launched" }
        #expect(event?.fields["text"] == "by env worker")
    }

    @Test(arguments: [
        (0, "the worker could not be started: No such file or directory"),
        (10, "the worker exited with status 127; the log of the job may say why"),
    ])
    func missingExecutableFailsTheJob(niceness: Int, error: String) async throws {
        let pool = try PoolFixture.make("")
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(
            id,
            options: .init(launcher: Launcher(niceness: niceness)),
            executable: "/nonexistent/limbic"
        )
        #expect(job.state == .failed)
        #expect(job.error == error)
    }

    @Test func specificationThatCannotBeMadeFailsTheJob() async throws {
        let pool = try PoolFixture.make("exit 1")
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(
            id,
            hooks: .make(specification: { _ in throw DatasetStoreError.notFound(id: "x") })
        )
        #expect(job.error == "the training could not be prepared")
    }

    @Test func resultThatCannotBePublishedFailsTheJob() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.result)")
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(
            id,
            hooks: .make(publish: { _, _ in throw DatasetStoreError.notFound(id: "x") })
        )
        #expect(job.state == .failed)
        #expect(job.error == "the result could not be published")
        #expect(try await pool.fixture.models.newest("emo") == nil)
    }

    @Test func cancelDuringPublicationWithdrawsTheModel() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.result)")
        let id = try await pool.fixture.submit().id
        let withdrawn = Mutex<[String]>([])
        let draft = ModelDraft.make()
        let jobs = pool.jobs
        let hooks = WorkerPool.Hooks.make(
            publish: { job, _ in
                _ = try await jobs.requestCancel(job.job.id)
                return draft
            },
            discard: { paths in withdrawn.withLock { $0 += paths } }
        )
        // The pool has done all there is to do when it has ended.
        #expect(try await pool.finish(id, hooks: hooks).state == .cancelled)
        #expect(withdrawn.withLock { $0 }.last == draft.directory)
        #expect(try await pool.fixture.models.newest("emo") == nil)
    }

    @Test func logIsBounded() async throws {
        let pool = try PoolFixture.make(
            "read -r spec\nhead -c 5000 /dev/zero | tr '\\0' 'x' >&2\necho end >&2\nexit 1"
        )
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(id, options: .init(maxLogSize: 1000))
        #expect(job.error == "the worker exited with status 1; the log of the job may say why")
        let log = try String(contentsOf: pool.logDirectory.appendingPathComponent("\(id).log"), encoding: .utf8)
        #expect(log == String(repeating: "x", count: 1000) + "[4004 bytes more]\n")
    }

    @Test func busyDatabaseLosesNothing() async throws {
        let fixture = try Fixture.make(busyTimeout: .milliseconds(1))
        let pool = try PoolFixture.make(
            """
            read -r spec
            \(Say.event("ready"))
            read -r go <"$DIR/go"
            \(Say.event("work"))
            \(Say.result)
            """,
            on: fixture
        )
        let go = fixture.directory.appendingPathComponent("go").path
        try #require(mkfifo(go, 0o600) == 0)
        let id = try await fixture.submit().id
        try await pool.run(options: .init(retryDelay: .milliseconds(1))) {
            _ = try await fixture.event("ready", of: id)
            var configuration = GRDB.Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(
                path: fixture.directory.appendingPathComponent("limbic.sqlite").path,
                configuration: configuration
            )
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let pipe = try FileHandle(forWritingTo: URL(fileURLWithPath: go))
            try pipe.write(contentsOf: Data("go\n".utf8))
            try pipe.close()
            for await message in pool.messages where message == "could not write to the database" {
                break
            }
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            #expect(try await fixture.job(id) { $0.state.isOver }.state == .succeeded)
        }
        #expect(try await fixture.events(of: id).map(\.kind) == ["state", "state", "ready", "work", "state"])
    }
}
