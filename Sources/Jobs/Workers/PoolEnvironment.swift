import Foundation
import Platform

/// What a pool has of the world outside: time, chance, processes and threads. A simulation brings its own.
struct PoolEnvironment: Sendable {
    var clock = MonotonicClock.system
    /// A number from 0 to 1, to spread what would happen at one time.
    var random: @Sendable () -> Double = { .random(in: 0...1) }
    var starter: any WorkerStarter = WorkerProcess()
    /// Where tasks run that are not children of the pool's own; nil for the threads of all tasks.
    var executor: (any TaskExecutor)?
}

/// Starts workers.
protocol WorkerStarter: Sendable {
    /// Called once, before the first.
    func prepare() async

    /// Runs a worker to its end.
    ///
    /// Not to be called in a task that may be cancelled: `stop` ends a worker with nothing it said lost.
    ///
    /// - Parameters:
    ///   - commandLine: program and arguments.
    ///   - gracePeriod: how long one that was asked to end has before it is killed.
    ///   - input: what it is told, after which its standard input stays open.
    ///   - onOutput: gets standard output as it comes. While it works the worker may have to wait.
    ///   - onError: gets standard error likewise, at the same time.
    /// - Throws: ``AttemptError`` when it could not be started.
    func run(
        _ commandLine: [String],
        gracePeriod: @escaping @Sendable () -> Duration,
        input: Data,
        stop: StopSignal,
        onOutput: @escaping @Sendable ([UInt8]) async -> Void,
        onError: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws -> WorkerExit
}
