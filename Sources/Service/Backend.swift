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
    let database: Jobs.Database
    let datasets: DatasetStore
    let jobs: JobStore
    let models: ModelStore
    let registry: ModelRegistry
    let predictor: Predictor
    let health: Health
    /// Checks uploads, one at a time.
    let inspection = WorkQueue("limbic.inspect", qos: .utility)
    /// Where requests are read and answers written.
    private let documents = QueueExecutor("limbic.documents")
    let logger: Logger

    /// Opens the database. Throws errors of Jobs and of the file system.
    init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        database = try Jobs.Database(directory: configuration.dataDirectory, migrations: configuration.migrations)
        directory = try DataDirectory(configuration.dataDirectory)
        datasets = DatasetStore(database)
        jobs = JobStore(database)
        models = ModelStore(database)
        registry = try ModelRegistry(models, logger: logger)
        health = Health(directory: directory, logger: logger)
        predictor = Predictor(
            directory: directory,
            limits: ModelCache.Limits(
                memory: configuration.modelMemory,
                document: configuration.maxPredictSize,
                clipUnits: configuration.maxClipUnits
            )
        )
        Parallel.threads = configuration.threads
    }

    /// All that the service can be asked for, besides the files of the dashboard.
    var operations: [Operation] {
        let declared =
            health.operations + DatasetRoutes(backend: self).operations + [SplitUpload(backend: self).operation]
            + JobRoutes(backend: self).operations + JobHistoryRoutes(backend: self).operations
            + ModelRoutes(backend: self).operations + [PredictRoute(backend: self).operation]
        return declared + [OpenAPI.operation(describing: declared)]
    }

    func makeRouter() -> Router {
        var router = Router()
        let errors = ErrorMapping(logger: logger)
        let hosts = HostPolicy(listeningOn: configuration.host, allowing: configuration.allowedHosts)
        router.errorResponse = { errors.response(to: $0, request: $1) }
        router.executor = documents
        router.admit = { request in try hosts.check(request.authority) }
        let admission = Admission()
        for operation in operations { operation.add(to: &router, admission) }
        router.files(under: "/", directory: configuration.publicDirectory.path)
        return router
    }

    func makePool() -> WorkerPool {
        let hooks = TrainingHooks(directory: directory, threads: configuration.trainingThreads)
        return WorkerPool(
            store: jobs,
            executable: configuration.workerExecutable,
            logDirectory: directory.logs,
            hooks: hooks.hooks,
            options: WorkerPool.Options(
                slots: configuration.slots,
                launcher: Launcher(prefix: configuration.launcher),
                gracePeriod: configuration.drainTimeout
            ),
            logger: logger
        )
    }

    /// Removes files that no record names. For the start, before anything runs.
    func sweep() async throws {
        var known: Set<String> = []
        var after: String?
        while let page = try await nonEmpty(datasets.list(after: after, limit: 1000)) {
            known.formUnion(page.flatMap(\.splits).map(\.path))
            after = page.last?.id
        }
        var name: String?
        while let page = try await nonEmpty(models.list(after: name, limit: 1000)) {
            for model in page {
                var version: Int?
                while let versions = try await nonEmpty(models.versions(of: model.name, after: version, limit: 1000)) {
                    known.formUnion(versions.map(\.directory))
                    version = versions.last?.version
                }
            }
            name = page.last?.name
        }
        directory.sweep(known: known)
    }

    private func nonEmpty<Element>(_ page: Page<Element>) -> [Element]? {
        page.data.isEmpty ? nil : page.data
    }
}
