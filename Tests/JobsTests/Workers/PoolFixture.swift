import Foundation
import Logging
import Testing

@testable import Jobs

/// A pool whose worker is a shell script, with the store it works on.
struct PoolFixture {
    let fixture: Fixture
    let script: URL

    /// What the pool logs.
    let messages: AsyncStream<String>
    private let logger: Logger

    /// - Parameter script: the worker's commands, run by `/bin/sh` with the directory of the fixture in `$DIR`.
    static func make(_ script: String, on fixture: Fixture? = nil) throws -> PoolFixture {
        let fixture = try fixture ?? Fixture.make()
        let (messages, continuation) = AsyncStream<String>.makeStream()
        let pool = PoolFixture(
            fixture: fixture,
            script: fixture.directory.appendingPathComponent("worker.sh"),
            messages: messages,
            logger: Logger(label: "test") { _ in StreamLogHandler(messages: continuation) }
        )
        try pool.write(script)
        return pool
    }

    var jobs: JobStore { fixture.jobs }

    var logDirectory: URL { fixture.directory.appendingPathComponent("logs") }

    func write(_ script: String) throws {
        let text = "#!/bin/sh\nDIR='\(fixture.directory.path)'\n\(script)\n"
        try Data(text.utf8).write(to: self.script)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self.script.path)
    }

    /// Runs a pool while `body` does its work, and ends it.
    func run<T: Sendable>(
        options: WorkerPool.Options = .init(gracePeriod: { .seconds(20) }),
        executable: String? = nil,
        hooks: WorkerPool.Hooks = .make(),
        _ body: @Sendable () async throws -> T
    ) async throws -> T {
        let pool = WorkerPool(
            store: jobs,
            executable: { [script] in executable ?? script.path },
            logDirectory: logDirectory,
            hooks: hooks,
            options: options,
            logger: logger
        )
        let running = Task { try await pool.run() }
        do {
            let result = try await body()
            running.cancel()
            try await running.value
            return result
        } catch {
            running.cancel()
            try await running.value
            throw error
        }
    }

    /// Runs a pool until the job is over.
    func finish(
        _ id: String,
        options: WorkerPool.Options = .init(gracePeriod: { .seconds(20) }),
        executable: String? = nil,
        hooks: WorkerPool.Hooks = .make()
    ) async throws -> JobRecord {
        try await run(options: options, executable: executable, hooks: hooks) {
            try await fixture.job(id) { $0.state.isOver }
        }
    }
}

extension WorkerPool.Hooks {
    /// Hooks that hand the job's document to the worker and make a model of each result.
    static func make(
        specification: @escaping @Sendable (ClaimedJob) async throws -> Data = { $0.job.document },
        publish: @escaping @Sendable (ClaimedJob, Data) async throws -> ModelDraft? = { job, result in
            ModelDraft(name: job.job.model, digest: "sha256:02", directory: "models/\(job.job.id)", document: result)
        },
        discard: @escaping @Sendable ([String]) async -> Void = { _ in }
    ) -> WorkerPool.Hooks {
        WorkerPool.Hooks(
            specification: specification,
            adopt: { job, checkpoint in "checkpoints/\(job.job.id)/\(checkpoint.step)" },
            publish: publish,
            discard: discard
        )
    }
}

/// A log handler that hands the messages on.
private struct StreamLogHandler: LogHandler {
    let messages: AsyncStream<String>.Continuation
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        messages.yield(event.message.description)
    }
}

/// Shell commands that say what a worker says.
enum Say {
    static let result = #"echo '{"type":"result","document":{"f1":0.5}}'"#

    /// An event without content.
    static func event(_ kind: String) -> String {
        #"echo '{"type":"event","kind":"\#(kind)","document":{}}'"#
    }

    /// An event whose document has the field `text` with what the shell makes of `expression`.
    static func event(_ kind: String, text expression: String) -> String {
        #"printf '{"type":"event","kind":"\#(kind)","document":{"text":"%s"}}\n' "\#(expression)""#
    }
}
