import Engine
import Foundation
import HTTP
import HTTPTypes
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
    let sweeps: SweepStore
    let feeds: JobEventFeeds
    let models: ModelStore
    let evaluations: EvaluationStore
    let registry: ModelRegistry
    let keyStore: KeyStore
    let keys: KeyRegistry
    let authorization: Authorization
    let predictor: Predictor
    let health: Health
    let observation: Observation
    let shutdown: Shutdown
    /// The program of the workers, as it was when the service started.
    let worker: WorkerExecutable
    /// Checks uploads and packs them, a few at a time.
    let inspection = WorkQueue(yielding: "limbic.inspect", width: 4)
    /// Where requests are read and answers written.
    private let documents = QueueExecutor("limbic.documents")
    let logger: Logger

    /// Opens the database. Throws errors of Jobs and of the file system.
    init(
        _ configuration: ServiceConfiguration,
        database options: Jobs.Database.Options = .init(),
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.logger = logger
        worker = try WorkerExecutable(configuration.workerExecutable)
        database = try Jobs.Database(
            directory: configuration.dataDirectory, migrations: configuration.migrations, options: options)
        directory = try DataDirectory(configuration.dataDirectory)
        files = OwnedFiles(directory: directory, pending: PendingFiles(database))
        datasets = DatasetStore(database)
        jobs = JobStore(database)
        sweeps = SweepStore(database)
        feeds = JobEventFeeds(jobs, logger: logger)
        models = ModelStore(database)
        evaluations = EvaluationStore(database)
        registry = try ModelRegistry(models, logger: logger)
        keyStore = KeyStore(database)
        keys = try KeyRegistry(keyStore, rateLimit: configuration.rateLimit, logger: logger)
        authorization = Authorization(keys, allowsAnonymous: configuration.allowsAnonymous)
        shutdown = Shutdown(limit: configuration.drainTimeout)
        health = Health(directory: directory, database: database, logger: logger)
        predictor = Predictor(
            directory: directory,
            precision: configuration.precision,
            limits: ModelCache.Limits(
                memory: configuration.modelMemory,
                document: configuration.maxPredictSize,
                clipUnits: configuration.maxClipUnits
            ),
            limit: configuration.maxPredictions
        )
        observation = Observation(predictor: predictor, jobs: jobs)
        Parallel.threads = configuration.threads
    }

    /// All that the service can be asked for, besides the files of the dashboard.
    var operations: [Operation] {
        let declared = [
            health.operations, [observation.operation], DatasetRoutes(backend: self).operations,
            [SplitUpload(backend: self).operation], SplitContentRoutes(backend: self).operations,
            JobRoutes(backend: self).operations,
            JobHistoryRoutes(backend: self).operations, CheckpointRoutes(backend: self).operations,
            SweepRoutes(backend: self).operations, ModelRoutes(backend: self).operations,
            AliasRoutes(backend: self).operations, WeightsRoutes(backend: self).operations,
            EvaluationRoutes(backend: self).operations, [PredictRoute(backend: self).operation],
            InferenceRoutes(backend: self).operations, RepositoryRoutes(backend: self).operations,
            KeyRoutes(backend: self).operations,
            [RecipeRoute.operation, AccessRoute(authorization: authorization).operation],
        ].flatMap(\.self)
        return declared + [OpenAPI.operation(describing: declared)]
    }

    func makeRouter() -> Router {
        var router = Router()
        let errors = ErrorMapping(logger: logger)
        let hosts = HostPolicy(listeningOn: configuration.server.host, allowing: configuration.allowedHosts)
        router.errorResponse = { errors.response(to: $0, request: $1) }
        router.executor = documents
        let origins = CORSPolicy(configuration.corsOrigins)
        router.optionsFields = { origins.preflight($0, methods: $1) }
        router.admit = { [echoes = configuration.echoes] request in
            origins.apply(to: &request)
            try origins.check(request)
            do { try hosts.check(request) } catch {
                // Those who try the server as such name all kinds of hosts, and nothing is to be had there.
                guard echoes, request.path == "/" else { throw error }
            }
        }
        for operation in operations { operation.add(to: &router, for: authorization) }
        if configuration.echoes { addEcho(to: &router) }
        router.files(under: "/", directory: configuration.publicDirectory.path, fields: PagePolicy.fields)
        return router
    }

    private func addEcho(to router: inout Router) {
        let admit: Router.Admission = { [authorization] in try authorization.check(&$0, for: .admin) }
        for method in [
            HTTPRequest.Method.get, .post, .put, .delete, .patch, .options, .trace, HTTPRequest.Method("QUERY")!,
        ] {
            router.on(method, "/", body: .buffered(limit: configuration.maxPredictSize), admit: admit) { request in
                Response(fields: [.contentType: "application/octet-stream"], body: .bytes(try request.body.bytes))
            }
        }
        // To a file that is gone with the answer.
        router.on(.put, "/upload", body: .streamed(limit: configuration.maxUploadSize), admit: admit) {
            [directory] request in
            let path = directory.path(DataLayout.incoming(UUID().uuidString))
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw SystemError("open", path: path) }
            unlink(path)
            defer { close(file) }
            var count = 0
            for try await chunk in request.body.stream {
                try Descriptor.writeAll(chunk, to: file)
                count += chunk.count
            }
            guard fsync(file) == 0 else { throw SystemError("fsync") }
            return .text("\(count)", status: .created)
        }
    }

    /// Loads what answers for each model where no version is named, so that no client waits for it: as many as there is room
    /// for. What cannot be loaded says so to those who ask for it.
    func warmUp() async {
        for version in registry.allCurrent where !Task.isCancelled {
            guard predictor.cache.hasRoom(for: version) else { continue }
            do { try await predictor.cache.load(version) } catch {
                logger.error(
                    "a model cannot be loaded",
                    metadata: ["model": "\(version.name)", "version": "\(version.number)", "error": "\(error)"])
            }
        }
    }

    func makePool() -> WorkerPool {
        let hooks = TrainingHooks(
            files: files,
            threads: configuration.trainingThreads,
            memory: configuration.workerMemory,
            build: worker.build
        )
        let launcher = Launcher(prefix: configuration.launcher, niceness: configuration.workerNiceness)
        return WorkerPool(
            store: jobs,
            executable: { [worker] in worker.command(behind: launcher) },
            logDirectory: directory.logs,
            hooks: hooks.hooks,
            options: WorkerPool.Options(
                slots: configuration.slots,
                launcher: launcher,
                gracePeriod: { [shutdown] in shutdown.timeForWorkers },
                stallLimit: configuration.stallLimit
            ),
            logger: logger
        )
    }
}
