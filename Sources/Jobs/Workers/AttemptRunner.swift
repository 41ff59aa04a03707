import Foundation
import Logging

/// Takes one claimed job from the start of its child to the last transaction of its attempt.
struct AttemptRunner {
    private let pool: WorkerPool
    private let job: ClaimedJob
    private let stop = StopSignal()
    private let logger: Logger

    init(pool: WorkerPool, job: ClaimedJob) {
        self.pool = pool
        self.job = job
        var logger = pool.logger
        logger[metadataKey: "job"] = "\(job.job.id)"
        logger[metadataKey: "attempt"] = "\(job.job.attempt)"
        self.logger = logger
    }

    /// Runs the attempt; when the task is cancelled, the child is ended and the job put back into the queue.
    func run() async {
        // In a task of its own that is never cancelled: what a child says on its way out is still written down.
        let attempt = Task { await perform() }
        let cancellation = Task { await watchForCancellation() }
        await withTaskCancellationHandler {
            await attempt.value
        } onCancel: {
            stop.stop(.shutdown)
        }
        cancellation.cancel()
    }

    private func watchForCancellation() async {
        for await _ in pool.store.stopRequests(of: job.job.id) {
            if let now = try? await pool.store.get(job.job.id), now.state == .cancelling {
                return stop.stop(.cancelled)
            }
        }
    }

    private func perform() async {
        logger.info("attempt started")
        let outcome = await outcomeOfChild()
        var published: ModelDraft?
        if case .succeeded(_, let models) = outcome {
            published = models.first
        }
        var finished = await persist { try await pool.store.finish(job.token, outcome) }
        if finished == nil, case .failed(let error) = stop.reason {
            // What it ended with cannot be written, so that it failed is what is left to write.
            finished = await persist { try await pool.store.finish(job.token, .failed(error: error)) }
        }
        let state = finished.flatMap(\.self)?.state
        if let published, finished != nil, state != .succeeded {
            await pool.hooks.withdraw(job, published)
        }
        logger.info("attempt ended", metadata: ["state": "\(state.map(\.rawValue) ?? "given up")"])
    }

    /// Runs the child, and judges how it ended.
    private func outcomeOfChild() async -> AttemptOutcome {
        if case .shutdown = stop.reason {
            return .interrupted(reason: "the server stopped")
        }
        var specification: Data
        do {
            specification = try pool.hooks.specification(job)
        } catch {
            return .failed(error: "the specification of the job could not be made: \(error)")
        }
        precondition(!specification.contains(UInt8(ascii: "\n")), "a specification is one line")
        specification.append(UInt8(ascii: "\n"))

        let transcript = Transcript(
            log: WorkerLog(
                file: pool.logDirectory.appendingPathComponent("\(job.job.id).log"),
                maxSize: pool.options.maxLogSize
            )
        )
        let process = WorkerProcess(
            commandLine: pool.options.launcher.commandLine(pool.command),
            gracePeriod: pool.options.gracePeriod
        )
        let exit: WorkerExit
        do {
            exit = try await process.run(
                input: specification,
                stop: stop,
                onOutput: { bytes in await write(transcript.output(bytes)) },
                onError: { bytes in await transcript.error(bytes) }
            )
        } catch {
            return .failed(error: "the worker could not be started: \(error)")
        }
        await write(transcript.finish())
        return await judge(exit, transcript)
    }

    private func judge(_ exit: WorkerExit, _ transcript: Transcript) async -> AttemptOutcome {
        if exit == .exited(0), let result = await transcript.result {
            return await publish(result)
        }
        switch stop.reason {
        case .cancelled: return .cancelled
        case .shutdown, .fenced: return .interrupted(reason: "the server stopped")
        case .failed(let error): return .failed(error: error)
        case nil: return .failed(error: await transcript.describe(exit))
        }
    }

    private func publish(_ result: Data) async -> AttemptOutcome {
        if let now = try? await pool.store.get(job.job.id), now.state == .cancelling {
            return .cancelled
        }
        do {
            let model = try await pool.hooks.publish(job, result)
            return .succeeded(result: result, models: model.map { [$0] } ?? [])
        } catch {
            return .failed(error: "the result could not be published: \(error)")
        }
    }

    private func write(_ report: AttemptReport) async {
        guard !report.isEmpty else { return }
        let stands = await persist { try await pool.store.record(report, of: job.token) }
        if stands == false {
            stop.stop(.fenced)
        }
    }

    /// Writes to the store until it succeeds: a full disk or a busy database makes the child wait, and loses nothing.
    /// nil when it cannot succeed, or not before the server stops.
    private func persist<T: Sendable>(_ body: @Sendable () async throws -> T) async -> T? {
        while true {
            do {
                return try await body()
            } catch let error as StorageError where error.isTemporary {
                logger.error("could not write to the database", metadata: ["error": "\(error)"])
                if case .shutdown = stop.reason { return nil }
                try? await Task.sleep(for: pool.options.retryDelay)
            } catch {
                logger.error("the database refused a write", metadata: ["error": "\(error)"])
                stop.stop(.failed("the attempt could not be recorded: \(error)"))
                return nil
            }
        }
    }
}
