import Foundation
import Logging
import Platform

/// Takes one claimed job from the start of its child to the last transaction of its attempt.
struct AttemptRunner {
    private let pool: WorkerPool
    private let job: ClaimedJob
    private let stop = StopSignal()
    private let signs: LifeSigns
    /// Up to where the time of the attempt has been recorded.
    private let recorded: Mutex<Duration>
    private let logger: Logger

    init(pool: WorkerPool, job: ClaimedJob) {
        self.pool = pool
        self.job = job
        signs = LifeSigns(pool.environment.clock, isExpected: pool.options.launcher.prefix.isEmpty)
        recorded = Mutex(pool.environment.clock.now())
        var logger = pool.logger
        logger[metadataKey: "job"] = "\(job.job.id)"
        logger[metadataKey: "attempt"] = "\(job.job.attempt)"
        self.logger = logger
    }

    /// What a slot has to know of an attempt that has ended.
    struct End {
        /// It was interrupted for want of memory, room on the disk or descriptors.
        var isOutOfResources = false
        /// How long the job waits before it may run again, in milliseconds.
        var delay: Int64?
    }

    private var clock: MonotonicClock { pool.environment.clock }

    /// Runs the attempt; when the task is cancelled, the child is ended and the job put back into the queue.
    func run() async -> End {
        // In a task of its own that is never cancelled: what a child says on its way out is still written down.
        let attempt = Task(executorPreference: pool.environment.executor) { await perform() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await stopOnRequest() }
            group.addTask { await stopWhenStalled() }
            group.addTask { await stopAtTimeLimit() }
            let end = await withTaskCancellationHandler {
                await attempt.value
            } onCancel: {
                stop.stop(.shutdown)
            }
            group.cancelAll()
            return end
        }
    }

    // MARK: Reasons to stop

    private func stopOnRequest() async {
        let (store, id) = (pool.store, job.job.id)
        let watch = StopWatch(requests: store.stopRequests(of: id)) { [clock, pool] in
            try await clock.sleep(for: pool.options.retryDelay)
        } state: {
            try await store.get(id)?.state ?? .cancelled
        }
        if let reason = await watch.wait() { stop.stop(reason) }
    }

    private func stopWhenStalled() async {
        do { try await signs.waitForSilence(of: pool.options.stallLimit) } catch { return }
        logger.warning("the worker gives no sign of life")
        stop.stop(.stalled)
    }

    private func stopAtTimeLimit() async {
        guard let limit = job.job.timeLimit else { return }
        do { try await clock.sleep(for: .milliseconds(max(0, limit - job.job.ran))) } catch { return }
        stop.stop(.timeLimit)
    }

    // MARK: The attempt

    private func perform() async -> End {
        logger.info("attempt started")
        var end = End()
        var outcome: AttemptOutcome
        do {
            outcome = try await outcomeOfChild()
        } catch {
            logger.error("attempt could not be made", metadata: ["error": "\(error.reason)"])
            outcome = error.isTemporary ? .interrupted(reason: error.reason) : .failed(error: error.reason)
            end.isOutOfResources = error.isTemporary
        }
        if stop.reason != .shutdown { outcome = delayed(outcome) }
        await pool.hooks.discard([DataLayout.work(job.token)])
        var published: ModelDraft?
        if case .succeeded(_, let models) = outcome {
            published = models.first
        }
        let last = outcome
        var finished = await timed { try await pool.store.finish(job.token, last, ran: $0) }
        if finished == nil, !stop.isShutdown {
            // What it ended with cannot be written, so that it failed is what is left to write.
            let outcome = AttemptOutcome.failed(error: "what the worker said could not be recorded")
            finished = await timed { try await pool.store.finish(job.token, outcome, ran: $0) }
        }
        let state = finished.flatMap(\.self)?.state
        if let published, finished != nil, state != .succeeded {
            await pool.hooks.discard([published.directory])
        }
        end.delay = finished.flatMap(\.self)?.delay
        logger.info("attempt ended", metadata: ["state": "\(state.map(\.rawValue) ?? "given up")"])
        return end
    }

    /// With a delay before the job runs again, where it does.
    private func delayed(_ outcome: AttemptOutcome) -> AttemptOutcome {
        let backoff = Backoff(base: pool.options.retryDelay)
        let random = pool.environment.random()
        switch outcome {
        case .failed(let error, let isFinal, _):
            return .failed(
                error: error, isFinal: isFinal, delay: backoff.delay(round: job.job.failures, random: random))
        case .interrupted(let reason, _):
            let inARow = job.job.attempts.dropLast().reversed().prefix { $0.outcome == .interrupted }.count
            return .interrupted(reason: reason, delay: backoff.delay(round: inARow, random: random))
        case .succeeded, .cancelled, .paused:
            return outcome
        }
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
        let input = specification
        let exit = try await reporting("the worker could not be started") {
            try await pool.environment.starter.run(
                pool.options.launcher.commandLine([pool.executable(), "worker"]),
                gracePeriod: gracePeriod,
                input: input,
                stop: stop,
                onOutput: { bytes in await signs.hear { await write(transcript.output(bytes)) } },
                onError: { bytes in await transcript.error(bytes) }
            )
        }
        signs.end()
        await write(transcript.finish())
        return try await judge(exit, transcript)
    }

    /// How long the child has to end once it was asked to. What it would save of a job that is cancelled nobody needs, and
    /// one that gives no sign of life saves nothing.
    private var gracePeriod: @Sendable () -> Duration {
        { [stop, pool] in
            switch stop.reason {
            case .cancelled, .stalled: min(.seconds(2), pool.options.gracePeriod())
            default: pool.options.gracePeriod()
            }
        }
    }

    private func judge(_ exit: WorkerExit, _ transcript: Transcript) async throws(AttemptError) -> AttemptOutcome {
        if exit == .exited(0), let result = await transcript.result {
            return try await publish(result)
        }
        switch stop.reason {
        case .cancelled: return .cancelled
        case .paused: return .paused
        case .shutdown, .fenced: return .interrupted(reason: "the server stopped")
        case .unrecordable: return .failed(error: "what the worker said could not be recorded")
        case .stalled:
            return .failed(error: "the worker gave no sign of life for \(Self.seconds(pool.options.stallLimit))")
        case .timeLimit:
            let limit = Duration.milliseconds(job.job.timeLimit ?? 0)
            return .failed(error: "the time limit of \(Self.seconds(limit)) is used up", isFinal: true)
        case nil where exit.isRequested:
            return .interrupted(reason: "the worker was told to stop from outside the server")
        case nil: return .failed(error: await transcript.describe(exit), isFinal: exit.isFinal)
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        "\(Double(duration.milliseconds) / 1000) s".replacingOccurrences(of: ".0 s", with: " s")
    }

    private func publish(_ result: Data) async throws(AttemptError) -> AttemptOutcome {
        if let now = try? await pool.store.get(job.job.id), now.state == .cancelling {
            return .cancelled
        }
        while true {
            do throws(AttemptError) {
                let model = try await reporting("the result could not be published") {
                    try await pool.hooks.publish(job, result)
                }
                return .succeeded(result: result, models: model.map { [$0] } ?? [])
            } catch {
                // A training that is done is not done again because the disk is full.
                guard error.isTemporary, stop.reason == nil, !stop.isShutdown else { throw error }
                try? await clock.sleep(for: pool.options.retryDelay)
            }
        }
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

    // MARK: What the child says

    private func write(_ report: AttemptReport) async {
        guard !report.isEmpty else { return }
        let stands = await timed { try await pool.store.record(report, of: job.token, ran: $0) }
        guard stands == true else {
            if stands == false { stop.stop(.fenced) }
            return
        }
        // All that was said before a checkpoint is recorded, or an attempt that goes on from it would leave it out.
        for checkpoint in report.checkpoints { await keep(checkpoint) }
    }

    /// A checkpoint that cannot be kept costs time, when the job is interrupted, and nothing else.
    private func keep(_ checkpoint: WorkerMessage.Checkpoint) async {
        let path: String
        do { path = try await pool.hooks.adopt(job, checkpoint) } catch {
            return logger.error("a checkpoint could not be kept", metadata: ["error": "\(error)"])
        }
        guard let obsolete = await persist({ try await pool.store.keep(checkpoint, at: path, of: job.token) }) else {
            return
        }
        if obsolete == nil { stop.stop(.fenced) }
        await pool.hooks.discard(obsolete ?? [path])
    }

    /// Writes to the store the milliseconds, too, that the attempt has run since it was last written how many.
    private func timed<T: Sendable>(_ body: @Sendable (_ ran: Int64) async throws -> T) async -> T? {
        let ran = recorded.withLock { (clock.now() - $0).milliseconds }
        guard let value = await persist({ try await body(ran) }) else { return nil }
        recorded.withLock { $0 += .milliseconds(ran) }
        return value
    }

    /// Writes to the store until it succeeds: a full disk or a busy database makes the child wait, and loses nothing.
    /// nil when it cannot succeed, or not before the server stops.
    private func persist<T: Sendable>(_ body: @Sendable () async throws -> T) async -> T? {
        while true {
            do {
                return try await body()
            } catch let error as StorageError where error.isTemporary {
                logger.error("could not write to the database", metadata: ["error": "\(error)"])
                if stop.isShutdown { return nil }
                try? await clock.sleep(for: pool.options.retryDelay)
            } catch {
                logger.error("the database refused a write", metadata: ["error": "\(error)"])
                stop.stop(.unrecordable)
                return nil
            }
        }
    }
}
