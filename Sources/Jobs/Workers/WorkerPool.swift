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
        /// How long a child that was asked to end (SIGTERM and the end of its standard input) has before SIGKILL.
        package var gracePeriod: @Sendable () -> Duration
        /// How much of the standard error of a job's children is kept, in bytes; the rest is counted and dropped.
        package var maxLogSize: Int
        /// How long to wait before a failed write to the database is tried again, and before a job runs again that something
        /// outside interrupted: twice as long each time that happens to it in a row, up to 64 times.
        package var retryDelay: Duration

        package init(
            slots: Int = 1,
            launcher: Launcher = Launcher(),
            gracePeriod: @escaping @Sendable () -> Duration = { .seconds(10) },
            maxLogSize: Int = 8 << 20,
            retryDelay: Duration = .seconds(1)
        ) {
            precondition(slots > 0, "a pool has at least one slot")
            self.slots = slots
            self.launcher = launcher
            self.gracePeriod = gracePeriod
            self.maxLogSize = maxLogSize
            self.retryDelay = retryDelay
        }
    }

    /// What the pool leaves to the service, which knows what jobs are about.
    package struct Hooks: Sendable {
        /// Makes the specification for the worker: JSON without line feeds.
        ///
        /// What it and `publish` throw that is no ``AttemptError`` is logged, and told to clients in general terms only.
        package var specification: @Sendable (ClaimedJob) async throws -> Data
        /// Puts the files of a result where models lie, and describes the model, or nil when none came of it. Called
        /// before the job has succeeded; when the attempt runs again, it is called again.
        package var publish: @Sendable (ClaimedJob, _ result: Data) async throws -> ModelDraft?
        /// Removes what `publish` put in place, because the job was cancelled in between.
        package var withdraw: @Sendable (ClaimedJob, ModelDraft) async -> Void
        /// Removes what the attempt has written and nobody needs any more. Called however the attempt went, when its child
        /// has ended and before its outcome is known to anyone.
        package var cleanUp: @Sendable (ClaimedJob) async -> Void

        package init(
            specification: @escaping @Sendable (ClaimedJob) async throws -> Data,
            publish: @escaping @Sendable (ClaimedJob, _ result: Data) async throws -> ModelDraft?,
            withdraw: @escaping @Sendable (ClaimedJob, ModelDraft) async -> Void = { _, _ in },
            cleanUp: @escaping @Sendable (ClaimedJob) async -> Void = { _ in }
        ) {
            self.specification = specification
            self.publish = publish
            self.withdraw = withdraw
            self.cleanUp = cleanUp
        }
    }

    let store: JobStore
    /// Path of the program, asked for before each start.
    let executable: @Sendable () -> String
    let logDirectory: URL
    let hooks: Hooks
    let options: Options
    let logger: Logger
    private let delayed = DelayedJobs()

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
    }

    /// Requeues what an earlier server left behind, then runs jobs until the task is cancelled. It then ends the
    /// children, puts their jobs back into the queue without using up an attempt, and returns.
    package func run() async throws {
        // Writing to a child that has died must be an error of that write, not the end of the server.
        signal(SIGPIPE, SIG_IGN)
        try Files.makeFolder(logDirectory.path)
        await WorkerProcess.prepare()
        do { try await store.requeueInterrupted() } catch is CancellationError {
            // Told to end before it began, which is no failure: the next pool requeues them.
            return
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<options.slots {
                group.addTask { await runSlot() }
            }
        }
    }

    /// Claims and runs one job after the other.
    private func runSlot() async {
        for await _ in store.queueChanges() {
            while !Task.isCancelled, let job = await claim() {
                let end = await AttemptRunner(pool: self, job: job).run()
                if end == .outOfResources {
                    // Another job would meet the same want.
                    try? await Task.sleep(for: options.retryDelay)
                }
            }
        }
    }

    /// Keeps a job that something outside interrupted from running again at once.
    func delay(_ job: JobRecord) {
        let inARow = job.attempts.dropLast().reversed().prefix { $0.outcome == .interrupted }.count
        let delay = options.retryDelay * (1 << min(inARow, 6))
        delayed.delay(job.id, by: delay)
        Task { [store] in
            try? await Task.sleep(for: delay)
            store.announceQueue()
        }
    }

    private func claim() async -> ClaimedJob? {
        while !Task.isCancelled {
            do {
                // In a task of its own, so that no cancellation comes between the commit and its answer.
                return try await Task { try await store.claim(excluding: delayed.waiting) }.value
            } catch {
                logger.error("could not claim a job", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: options.retryDelay)
            }
        }
        return nil
    }
}
