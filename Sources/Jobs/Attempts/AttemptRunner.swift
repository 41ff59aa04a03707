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

    /// What a slot has to know of an attempt that has ended.
    enum End {
        case done
        /// It was interrupted for want of memory, room on the disk or descriptors.
        case outOfResources
    }

    /// Runs the attempt; when the task is cancelled, the child is ended and the job put back into the queue.
    func run() async -> End {
        // In a task of its own that is never cancelled: what a child says on its way out is still written down.
        let attempt = Task { await perform() }
        let cancellation = Task { await watchForCancellation() }
        defer { cancellation.cancel() }
        return await withTaskCancellationHandler {
            await attempt.value
        } onCancel: {
            stop.stop(.shutdown)
        }
    }

    private func watchForCancellation() async {
        let (store, id) = (pool.store, job.job.id)
        let watch = CancellationWatch(requests: store.stopRequests(of: id), retryDelay: pool.options.retryDelay) {
            try await store.get(id)?.state == .cancelling
        }
        if await watch.wait() { stop.stop(.cancelled) }
    }

    private func perform() async -> End {
        logger.info("attempt started")
        var end = End.done
        let outcome: AttemptOutcome
        do {
            outcome = try await outcomeOfChild()
        } catch {
            logger.error("attempt could not be made", metadata: ["error": "\(error.reason)"])
            outcome = error.isTemporary ? .interrupted(reason: error.reason) : .failed(error: error.reason)
            if error.isTemporary { end = .outOfResources }
        }
        await pool.hooks.cleanUp(job)
        if case .interrupted = outcome, stop.reason == nil {
            // Before the job is in the queue, so that no slot takes it from there at once.
            pool.delay(job.job)
        }
        var published: ModelDraft?
        if case .succeeded(_, let models) = outcome {
            published = models.first
        }
        var finished = await persist { try await pool.store.finish(job.token, outcome) }
        if finished == nil, stop.reason == .unrecordable {
            // What it ended with cannot be written, so that it failed is what is left to write.
            let outcome = AttemptOutcome.failed(error: "what the worker said could not be recorded")
            finished = await persist { try await pool.store.finish(job.token, outcome) }
        }
        let state = finished.flatMap(\.self)?.state
        if let published, finished != nil, state != .succeeded {
            await pool.hooks.withdraw(job, published)
        }
        logger.info("attempt ended", metadata: ["state": "\(state.map(\.rawValue) ?? "given up")"])
        return end
    }

    /// Runs the child, and judges how it ended.
    private func outcomeOfChild() async throws(AttemptError) -> AttemptOutcome {
        if stop.reason == .shutdown {
            return .interrupted(reason: "the server stopped")
        }
        var specification = try await reporting("the training could not be prepared") {
            try await pool.hooks.specification(job)
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
            commandLine: pool.options.launcher.commandLine([pool.executable(), "worker"]),
            gracePeriod: pool.options.gracePeriod
        )
        let input = specification
        let exit = try await reporting("the worker could not be started") {
            try await process.run(
                input: input,
                stop: stop,
                onOutput: { bytes in await write(transcript.output(bytes)) },
                onError: { bytes in await transcript.error(bytes) }
            )
        }
        await write(transcript.finish())
        return try await judge(exit, transcript)
    }

    private func judge(_ exit: WorkerExit, _ transcript: Transcript) async throws(AttemptError) -> AttemptOutcome {
        if exit == .exited(0), let result = await transcript.result {
            return try await publish(result)
        }
        switch stop.reason {
        case .cancelled: return .cancelled
        case .shutdown, .fenced: return .interrupted(reason: "the server stopped")
        case .unrecordable: return .failed(error: "what the worker said could not be recorded")
        case nil where exit.isRequested:
            return .interrupted(reason: "the worker was told to stop from outside the server")
        case nil: return .failed(error: await transcript.describe(exit), isFinal: exit.isFinal)
        }
    }

    private func publish(_ result: Data) async throws(AttemptError) -> AttemptOutcome {
        if let now = try? await pool.store.get(job.job.id), now.state == .cancelling {
            return .cancelled
        }
        let model = try await reporting("the result could not be published") {
            try await pool.hooks.publish(job, result)
        }
        return .succeeded(result: result, models: model.map { [$0] } ?? [])
    }

    /// Runs `body`; of an error that is not in words for clients, they are told `what`, and the log everything.
    private func reporting<T>(_ what: String, _ body: () async throws -> T) async throws(AttemptError) -> T {
        do {
            return try await body()
        } catch let error as AttemptError {
            throw error
        } catch {
            logger.error("attempt failed", metadata: ["what": "\(what)", "error": "\(error)"])
            throw AttemptError(what, isTemporary: (error as? StorageError)?.isTemporary ?? false)
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
                if stop.reason == .shutdown { return nil }
                try? await Task.sleep(for: pool.options.retryDelay)
            } catch {
                logger.error("the database refused a write", metadata: ["error": "\(error)"])
                stop.stop(.unrecordable)
                return nil
            }
        }
    }
}
