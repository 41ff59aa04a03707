import Foundation
import Logging
import Platform

@testable import Jobs

/// A server from its start to its end, whichever comes first of a shutdown and a crash.
///
/// `@unchecked Sendable`: touched by the one thread of the simulation.
final class SimulatedServer: @unchecked Sendable {
    let database: Jobs.Database
    let jobs: JobStore
    let datasets: DatasetStore
    let pending: PendingFiles
    private(set) var isAlive = true
    private(set) var hasEnded = false
    /// By job, the attempts whose workers run.
    var workers: [String: Int] = [:]
    private var running: Task<Void, Never>?

    init(_ world: SimulatedWorld, directory: URL) throws {
        let world = world
        database = try Jobs.Database(
            directory: directory,
            migrations: Fixture.migrations,
            options: .init(
                clock: world.time.wall,
                makeIdentifier: { world.makeIdentifier($0) },
                execution: .inline(pause: { await world.pause() }),
                beforeCommit: { try world.checkRoom() }
            )
        )
        jobs = JobStore(database)
        datasets = DatasetStore(database)
        pending = PendingFiles(database)
    }

    func start(_ world: SimulatedWorld, directory: URL) {
        var pool = WorkerPool(
            store: jobs,
            executable: { "limbic" },
            logDirectory: directory.appendingPathComponent("logs"),
            hooks: hooks(world),
            options: .init(slots: 2, gracePeriod: { .seconds(5) }, retryDelay: .seconds(1), stallLimit: .seconds(60)),
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        )
        pool.environment = PoolEnvironment(
            clock: world.time.monotonic,
            random: { Double(world.choices.below(100)) / 100 },
            starter: SimulatedStarter(world: world, server: self),
            executor: world.executor
        )
        running = Task(executorPreference: world.executor) { [self] in
            // What an earlier one left behind goes first, as the service does it.
            if let paths = try? await pending.all() { await discard(paths, world) }
            do { try await pool.run() } catch {
                if isAlive { world.note("the pool ended with \(error)") }
            }
            hasEnded = true
        }
    }

    /// Ends it in good order, for which time has to pass.
    func shutDown() { running?.cancel() }

    /// Ends it as a kill does: nothing it does from now on has an effect.
    func crash() {
        isAlive = false
        try? database.close()
        running?.cancel()
    }

    func close() {
        isAlive = false
        try? database.close()
    }

    // MARK: Files

    private struct Gone: Error {}

    private func hooks(_ world: SimulatedWorld) -> WorkerPool.Hooks {
        WorkerPool.Hooks(
            specification: { [self] claimed in
                guard isAlive else { throw Gone() }
                world.disk.work.insert(DataLayout.work(claimed.token))
                let training = try JSONDecoder().decode(SimulatedTraining.self, from: claimed.job.document)
                return try JSONEncoder().encode(
                    SimulatedTask(
                        job: claimed.job.id, attempt: claimed.job.attempt, training: training,
                        resume: claimed.job.checkpoints.map { .init(path: $0.path, digest: $0.digest) }))
            },
            adopt: { [self] claimed, checkpoint in
                let target = "\(DataLayout.checkpoints(job: claimed.job.id))/\(checkpoint.step)-\(claimed.job.attempt)"
                try await move(
                    "\(DataLayout.work(claimed.token))/checkpoints/\(checkpoint.name)", to: target, world)
                return target
            },
            publish: { [self] claimed, result in
                let target = "models/\(claimed.job.id)-\(claimed.job.attempt)"
                try await move("\(DataLayout.work(claimed.token))/model", to: target, world)
                return ModelDraft(name: claimed.job.model, digest: "sha256:0", directory: target, document: result)
            },
            discard: { [self] in await discard($0, world) }
        )
    }

    private func move(_ source: String, to target: String, _ world: SimulatedWorld) async throws {
        try await pending.add([target])
        await world.pause()
        guard isAlive else { throw Gone() }
        world.disk.checkpoints[target] = world.disk.checkpoints.removeValue(forKey: source)
        world.disk.models[target] = world.disk.models.removeValue(forKey: source)
        await world.pause()
    }

    private func discard(_ paths: [String], _ world: SimulatedWorld) async {
        for path in paths {
            await world.pause()
            guard isAlive else { return }
            world.disk.remove(path)
        }
        try? await pending.forget(paths)
    }
}
