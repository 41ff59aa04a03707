package import Foundation
package import Logging
import Platform
import Synchronization

/// Runs jobs in child processes, as many at a time as it has slots.
///
/// A slot claims a job, starts `[launcher…] executable worker`, hands it the specification as one line on its standard
/// input, which then stays open for as long as the server lives, and writes down what the child says on its standard
/// output. The child may rely on nothing but these streams and the data directory.
package struct WorkerPool: Sendable {
    package struct Options: Sendable {
        /// How many jobs run at a time.
        package var slots: Int
        package var launcher: Launcher
        /// How long a child that was asked to end (SIGTERM and the end of its standard input) has before SIGKILL. Behind a
        /// launcher, which may kill what it started when it is sent SIGTERM, that comes after half of it.
        package var gracePeriod: @Sendable () -> Duration
        /// How much of the standard error of a job's children is kept, in bytes; the rest is counted and dropped.
        package var maxLogSize: Int
        /// How long to wait before a failed write to the database is tried again, and before a job runs again that failed or
        /// was interrupted: twice as long each time that happens to it in a row, up to five minutes.
        package var retryDelay: Duration
        /// How long a child may give no sign of life before it is ended; behind a launcher, where it may have to wait for a
        /// machine, counted from its first.
        package var stallLimit: Duration

        package init(
            slots: Int = 1,
            launcher: Launcher = Launcher(),
            gracePeriod: @escaping @Sendable () -> Duration = { .seconds(10) },
            maxLogSize: Int = 8 << 20,
            retryDelay: Duration = .seconds(1),
            stallLimit: Duration = .seconds(60)
        ) {
            precondition(slots > 0, "a pool has at least one slot")
            self.slots = slots
            self.launcher = launcher
            self.gracePeriod = gracePeriod
            self.maxLogSize = maxLogSize
            self.retryDelay = retryDelay
            self.stallLimit = stallLimit
        }
    }

    /// What the pool leaves to the service, which knows what jobs are about.
    package struct Hooks: Sendable {
        /// Makes the specification for the worker: JSON without line feeds.
        ///
        /// What it and `publish` throw that is no ``AttemptError`` is logged, and told to clients in general terms only.
        package var specification: @Sendable (ClaimedJob) async throws -> Data
        /// Gives a checkpoint that an attempt has written the place where it stays.
        ///
        /// - Returns: its path, relative to the data directory, which is pending until it is recorded.
        package var adopt: @Sendable (ClaimedJob, WorkerMessage.Checkpoint) async throws -> String
        /// Puts the files of a result where models lie, and describes the model, or nil when none came of it. Called
        /// before the job has succeeded; when the attempt runs again, it is called again.
        package var publish: @Sendable (ClaimedJob, _ result: Data) async throws -> ModelDraft?
        /// Removes files that are pending.
        package var discard: @Sendable (_ paths: [String]) async -> Void

        package init(
            specification: @escaping @Sendable (ClaimedJob) async throws -> Data,
            adopt: @escaping @Sendable (ClaimedJob, WorkerMessage.Checkpoint) async throws -> String,
            publish: @escaping @Sendable (ClaimedJob, _ result: Data) async throws -> ModelDraft?,
            discard: @escaping @Sendable (_ paths: [String]) async -> Void
        ) {
            self.specification = specification
            self.adopt = adopt
            self.publish = publish
            self.discard = discard
        }
    }

    let store: JobStore
    /// Path of the program, asked for before each start.
    let executable: @Sendable () -> String
    let logDirectory: URL
    let hooks: Hooks
    let options: Options
    let logger: Logger
    var environment: PoolEnvironment

    /// - Parameters:
    ///   - executable: path of the program that is started as `executable worker`, asked for before each start.
    ///   - logDirectory: gets a file `<job>.log` per job with the standard error of its children.
    package init(
        store: JobStore,
        executable: @escaping @Sendable () -> String,
        logDirectory: URL,
        hooks: Hooks,
        options: Options = Options(),
        logger: Logger
    ) {
        self.store = store
        self.executable = executable
        self.logDirectory = logDirectory
        self.hooks = hooks
        self.options = options
        self.logger = logger
        environment = PoolEnvironment(starter: WorkerProcess(isLaunched: !options.launcher.prefix.isEmpty))
    }

    /// Requeues what an earlier server left behind, then runs jobs until the task is cancelled. It then ends the
    /// children, puts their jobs back into the queue without using up an attempt, and returns.
    package func run() async throws {
        // Writing to a child that has died must be an error of that write, not the end of the server.
        signal(SIGPIPE, SIG_IGN)
        try Files.makeFolder(logDirectory.path)
        await environment.starter.prepare()
        let (delays, newDelays) = AsyncStream<Delay>.makeStream()
        // A disk that is full at the start is no reason to end.
        let delayed = await persist("could not put jobs back into the queue") {
            try await store.requeueInterrupted()
            return try await store.delayed()
        }
        // Told to end before it began, which is no failure: the next pool requeues them.
        guard let delayed else { return }
        for (token, delay) in delayed { newDelays.yield(Delay(token: token, milliseconds: delay)) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await end(delays) }
            for _ in 0..<options.slots {
                group.addTask { await runSlot { newDelays.yield($0) } }
            }
        }
    }

    /// Claims and runs one job after the other.
    private func runSlot(_ delay: (Delay) -> Void) async {
        for await _ in store.queueChanges() {
            while !Task.isCancelled, let job = await claim() {
                let end = await AttemptRunner(pool: self, job: job).run()
                if let milliseconds = end.delay { delay(Delay(token: job.token, milliseconds: milliseconds)) }
                if end.isOutOfResources {
                    // Another job would meet the same want.
                    try? await environment.clock.sleep(for: options.retryDelay)
                }
            }
        }
    }

    private func claim() async -> ClaimedJob? {
        await persist("could not claim a job") { try await store.claim() }.flatMap(\.self)
    }

    /// Does what needs the database until it succeeds; nil when the task is cancelled before.
    private func persist<T: Sendable>(_ failure: Logger.Message, _ body: () async throws -> T) async -> T? {
        while !Task.isCancelled {
            do { return try await body() } catch {
                guard !Task.isCancelled else { return nil }
                logger.error(failure, metadata: ["error": "\(error)"])
                try? await environment.clock.sleep(for: options.retryDelay)
            }
        }
        return nil
    }

    // MARK: Delays

    /// A job that waits before it may run again.
    private struct Delay {
        let token: AttemptToken
        let milliseconds: Int64
    }

    /// Lets each job run again when it has waited long enough, by a clock that nobody sets. After a new start of the server
    /// the wait begins anew.
    private func end(_ delays: AsyncStream<Delay>) async {
        await withDiscardingTaskGroup { group in
            for await delay in delays {
                group.addTask {
                    try? await environment.clock.sleep(for: .milliseconds(delay.milliseconds))
                    await persist("could not end the delay of a job") { try await store.endDelay(after: delay.token) }
                }
            }
            group.cancelAll()
        }
    }
}
