import Platform

/// Runs tasks one piece at a time, on the thread of whoever asks: between two pieces anything may be done to the world.
final class SimulatedExecutor: TaskExecutor {
    private let ready = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        ready.withLock { $0.append(job) }
    }

    var readyCount: Int { ready.withLock { $0.count } }

    /// Runs a piece that is ready.
    func run(at index: Int) {
        let job = ready.withLock { $0.remove(at: index) }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }
}
