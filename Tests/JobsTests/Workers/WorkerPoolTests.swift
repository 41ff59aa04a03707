import Foundation
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(30))) struct WorkerPoolTests {
    @Test func runsAJobToItsModel() async throws {
        let pool = try PoolFixture.make(
            #"""
            read -r spec
            echo '{"type":"progress","step":1,"steps":2,"epoch":0,"epochs":1,"clips_per_second":9.5}'
            echo '{"type":"metric","name":"loss","step":1,"value":0.5}'
            echo '{"type":"metric","name":"loss","step":2,"value":null}'
            printf '{"type":"event","kind":"spec","document":%s}\n' "$spec"
            \#(Say.event("argument", text: "$1"))
            echo 'all is well' >&2
            \#(Say.result)
            """#
        )
        let id = try await pool.fixture.submit(document: #"{"seed":7}"#).id
        let job = try await pool.finish(id)
        #expect(job.state == .succeeded)
        #expect(job.result == Data(#"{"f1":0.5}"#.utf8))
        #expect(job.progress == JobProgress(step: 1, steps: 2, epoch: 0, epochs: 1, clipsPerSecond: 9.5))
        #expect(job.versions == [.init(name: "emo", version: 1)])
        #expect(job.attempts.map(\.outcome) == [.succeeded])
        let events = try await pool.fixture.events(of: id)
        #expect(events.map(\.sequence) == Array(1...events.count))
        #expect(events.map(\.kind) == ["state", "state", "spec", "argument", "state"])
        #expect(events[2].document == Data(#"{"seed":7}"#.utf8))
        #expect(events[3].fields["text"] == "worker")
        let series = try await pool.jobs.metrics(of: id)
        #expect(series == [.init(name: "loss", points: [.init(step: 1, value: 0.5), .init(step: 2, value: nil)])])
        let log = try String(contentsOf: pool.logDirectory.appendingPathComponent("\(id).log"), encoding: .utf8)
        #expect(log == "all is well\n")
    }

    @Test func takesUpAJobSubmittedWhileItWaits() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.result)")
        try await pool.run {
            for _ in 0..<3 {
                let id = try await pool.fixture.submit().id
                #expect(try await pool.fixture.job(id) { $0.state.isOver }.state == .succeeded)
            }
        }
    }

    @Test func slotsRunSideBySide() async throws {
        // Each worker waits for the other.
        let pool = try PoolFixture.make(
            """
            read -r name
            mkfifo "$DIR/a" "$DIR/b" 2>/dev/null
            if [ "$name" = '"a"' ]; then echo go >"$DIR/a"; read -r go <"$DIR/b"
            else read -r go <"$DIR/a"; echo go >"$DIR/b"; fi
            \(Say.result)
            """
        )
        let first = try await pool.fixture.submit(document: #""a""#).id
        let second = try await pool.fixture.submit(document: #""b""#).id
        try await pool.run(options: .init(slots: 2)) {
            for id in [first, second] {
                let job = try await pool.fixture.job(id) { $0.state.isOver }
                #expect(job.state == .succeeded)
            }
        }
    }

    @Test func killOfTheChildFailsOnlyItsJob() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            case $spec in *wait*) \(Say.event("pid", text: "$$")); read -r more;; esac
            \(Say.result)
            """
        )
        let killed = try await pool.fixture.submit(document: #"{"wait":1}"#).id
        let next = try await pool.fixture.submit().id
        try await pool.run {
            let event = try await pool.fixture.event("pid", of: killed)
            let pid = try #require(event.fields["text"].flatMap { pid_t($0) })
            #expect(kill(pid, SIGKILL) == 0)
            let job = try await pool.fixture.job(killed) { $0.state.isOver }
            #expect(job.state == .failed)
            #expect(job.error == "the worker was killed by signal 9 (SIGKILL)")
            #expect(job.attempts.map(\.error) == [job.error])
            #expect(try await pool.fixture.job(next) { $0.state.isOver }.state == .succeeded)
        }
    }

    @Test(arguments: [
        ("exit 70", "the worker exited with status 70"),
        (
            "for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 70",
            "the worker exited with status 70; the log of the job may say why"
        ),
        ("exit 0", "the worker ended without a result"),
        (#"echo '{"type":"failure","message":"no labels"}'; exit 65"#, "no labels"),
        ("\(Say.result); exit 3", "the worker exited with status 3"),
        ("\(Say.result); kill -SEGV $$", "the worker was killed by signal 11 (SIGSEGV)"),
        (#"printf '{"type":"result"'"#, "the worker ended without a result"),
    ])
    func failureSaysWhy(script: String, error: String) async throws {
        let pool = try PoolFixture.make("read -r spec\n\(script)")
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(id)
        #expect(job.state == .failed)
        #expect(job.error == error)
    }

    @Test func retriesUntilItSucceeds() async throws {
        let pool = try PoolFixture.make(
            """
            read -r spec
            [ -e "$DIR/again" ] || { touch "$DIR/again"; echo 'out of luck' >&2; exit 1; }
            \(Say.result)
            """
        )
        let id = try await pool.fixture.submit(maxAttempts: 2).id
        let job = try await pool.finish(id)
        #expect(job.state == .succeeded)
        #expect(job.attempts.map(\.outcome) == [.failed, .succeeded])
        #expect(job.attempts.first?.error == "the worker exited with status 1; the log of the job may say why")
    }

    @Test func failsAfterItsLastAttempt() async throws {
        let pool = try PoolFixture.make("exit 1")
        let id = try await pool.fixture.submit(maxAttempts: 2).id
        let job = try await pool.finish(id)
        #expect(job.state == .failed)
        #expect(job.attempts.map(\.outcome) == [.failed, .failed])
    }

    @Test(arguments: [(64, 1), (65, 1), (70, 3)])
    func failsAtOnceWhenAnotherAttemptWouldEndTheSameWay(status: Int, attempts: Int) async throws {
        let pool = try PoolFixture.make(#"echo '{"type":"failure","message":"diverged"}'; exit \#(status)"#)
        let id = try await pool.fixture.submit(maxAttempts: 3).id
        let job = try await pool.finish(id)
        #expect(job.state == .failed && job.error == "diverged")
        #expect(job.attempts.count == attempts)
    }

    @Test func cancelEndsTheChild() async throws {
        let pool = try PoolFixture.make("read -r spec\n\(Say.event("ready"))\ncat >/dev/null; sleep 1000")
        let id = try await pool.fixture.submit().id
        try await pool.run {
            _ = try await pool.fixture.event("ready", of: id)
            #expect(try await pool.jobs.requestCancel(id).state == .cancelling)
            let job = try await pool.fixture.job(id) { $0.state.isOver }
            #expect(job.state == .cancelled)
            #expect(job.error == nil)
            #expect(job.attempts.map(\.outcome) == [.cancelled])
        }
        #expect(try await pool.fixture.states(of: id) == ["queued", "running", "cancelling", "cancelled"])
    }

    @Test func childThatDoesNotListenIsKilled() async throws {
        let pool = try PoolFixture.make(
            "trap '' TERM\nread -r spec\n\(Say.event("ready"))\nwhile :; do sleep 0.1; done"
        )
        let id = try await pool.fixture.submit().id
        try await pool.run(options: .init(gracePeriod: { .milliseconds(50) })) {
            _ = try await pool.fixture.event("ready", of: id)
            _ = try await pool.jobs.requestCancel(id)
            #expect(try await pool.fixture.job(id) { $0.state.isOver }.state == .cancelled)
        }
    }

    @Test func lastWordsOfACancelledChildAreKept() async throws {
        let pool = try PoolFixture.make(
            """
            trap '\(Say.event("farewell").replacingOccurrences(of: "'", with: "'\\''")); exit 0' TERM
            read -r spec
            \(Say.event("ready"))
            read -r more
            read -r more
            """
        )
        let id = try await pool.fixture.submit().id
        try await pool.run {
            _ = try await pool.fixture.event("ready", of: id)
            _ = try await pool.jobs.requestCancel(id)
            _ = try await pool.fixture.job(id) { $0.state.isOver }
        }
        let kinds = try await pool.fixture.events(of: id).map(\.kind)
        #expect(kinds == ["state", "state", "ready", "state", "farewell", "state"])
    }

    @Test func childThatClosesItsOutputAndStaysIsEnded() async throws {
        let pool = try PoolFixture.make(
            "trap '' TERM\nread -r spec\n\(Say.result)\nexec >&-\nwhile :; do sleep 0.1; done"
        )
        let id = try await pool.fixture.submit().id
        let job = try await pool.finish(id, options: .init(gracePeriod: { .milliseconds(50) }))
        #expect(job.error == "the worker was killed by signal 9 (SIGKILL)")
    }

    @Test func otherOutputIsNotFatal() async throws {
        let pool = try PoolFixture.make(
            #"""
            read -r spec
            for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "warning $i"; done
            printf '\377\376\n'
            \#(Say.result)
            """#
        )
        let id = try await pool.fixture.submit().id
        #expect(try await pool.finish(id).state == .succeeded)
        let unreadable = try await pool.fixture.events(of: id).filter { $0.kind == "unreadable_output" }
        #expect(unreadable.count == 10)
        #expect(unreadable.first?.fields == ["line": "warning 1", "reason": "not a message"])
    }

    @Test func longLinesInBothDirectionsDoNotBlock() async throws {
        let pool = try PoolFixture.make(
            """
            head -c 300000 /dev/zero | tr '\\0' 'x'
            echo
            head -c 300000 /dev/zero | tr '\\0' 'y' >&2
            read -r spec
            \(Say.event("length", text: "${#spec}"))
            \(Say.result)
            """
        )
        let document = "\"" + String(repeating: "z", count: 300_000) + "\""
        let id = try await pool.fixture.submit(document: document).id
        #expect(try await pool.finish(id).state == .succeeded)
        let event = try await pool.fixture.events(of: id).first { $0.kind == "length" }
        #expect(event?.fields["text"] == "300002")
    }
}
