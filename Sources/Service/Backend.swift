import Engine
import Foundation
import HTTP
import Jobs
import Logging
import Platform

/// What the routes work with: the stores, the files, the predictor and the state of the service.
struct Backend: Sendable {
    let configuration: ServiceConfiguration
    let directory: DataDirectory
    let files: OwnedFiles
    let database: Jobs.Database
    let datasets: DatasetStore
    let jobs: JobStore
    let models: ModelStore
    let predictor: Predictor
    let health: Health
    /// The program of the workers, as it was when the service started.
    let worker: WorkerExecutable
    /// Checks uploads, a few at a time.
    let inspection = WorkQueue("limbic.inspect", width: 4, qos: .utility)
    let logger: Logger

    /// Opens the database. Throws errors of Jobs and of the file system.
    init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        worker = try WorkerExecutable(configuration.workerExecutable)
        database = try Jobs.Database(directory: configuration.dataDirectory, migrations: configuration.migrations)
        directory = try DataDirectory(configuration.dataDirectory)
        files = OwnedFiles(directory: directory, pending: PendingFiles(database))
        datasets = DatasetStore(database)
        jobs = JobStore(database)
        models = ModelStore(database)
        health = Health(directory: directory, database: database, logger: logger)
        predictor = Predictor(
            directory: directory,
            capacity: configuration.loadedModels,
            clipUnitLimit: configuration.maxClipUnits
        )
        Parallel.threads = configuration.threads
    }

    func makeRouter() -> Router {
        var router = Router()
        let errors = ErrorMapping(logger: logger)
        router.errorResponse = { errors.response(to: $0, request: $1) }
        health.addRoutes(to: &router)
        DatasetRoutes(backend: self).add(to: &router)
        SplitUpload(backend: self).add(to: &router)
        JobRoutes(backend: self).add(to: &router)
        JobHistoryRoutes(backend: self).add(to: &router)
        ModelRoutes(backend: self).add(to: &router)
        PredictRoute(backend: self).add(to: &router)
        router.files(under: "/", directory: configuration.publicDirectory.path)
        return router
    }

    func makePool() -> WorkerPool {
        let hooks = TrainingHooks(files: files, threads: configuration.trainingThreads, build: worker.build)
        let launcher = Launcher(prefix: configuration.launcher)
        return WorkerPool(
            store: jobs,
            executable: { [worker] in worker.command(behind: launcher) },
            logDirectory: directory.logs,
            hooks: hooks.hooks,
            options: WorkerPool.Options(
                slots: configuration.slots,
                launcher: launcher,
                gracePeriod: configuration.drainTimeout
            ),
            logger: logger
        )
    }
}
