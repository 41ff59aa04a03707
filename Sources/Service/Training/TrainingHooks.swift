import Emotion
import Foundation
import Jobs
import Platform

/// What the worker pool leaves to the service: telling a worker what to do, and making a model of what it did.
struct TrainingHooks: Sendable {
    let files: OwnedFiles
    /// Threads of the engine in a worker.
    let threads: Int
    /// The most memory of a worker, in bytes; nil for what the machine has.
    let memory: Int?
    /// Names the build that a worker has to be of.
    let build: String?

    /// What an attempt writes, in its folder.
    private static let modelName = "model"
    private static let checkpointsName = "checkpoints"
    /// Time between two checkpoints where the job does not say.
    static let checkpointSeconds = 60.0

    private let queue = WorkQueue("limbic.publish", isConcurrent: true)

    init(files: OwnedFiles, threads: Int, memory: Int?, build: String?) {
        self.files = files
        self.threads = threads
        self.memory = memory
        self.build = build
    }

    var hooks: WorkerPool.Hooks {
        WorkerPool.Hooks(
            specification: { try await specification($0) },
            adopt: { try await adopt($1, of: $0) },
            publish: { job, _ in try await publish(job) },
            discard: { await files.discard($0) }
        )
    }

    private func specification(_ claimed: ClaimedJob) async throws -> Data {
        let directory = files.directory
        return try await reporting("the training could not be prepared") {
            try await queue.run {
                let work = directory.url(DataLayout.work(claimed.token))
                try Files.makeFolder(work.appendingPathComponent(Self.checkpointsName).path)
                return try task(for: claimed, in: work).line()
            }
        }
    }

    private func task(for claimed: ClaimedJob, in work: URL) throws -> TrainingTask {
        let job = try claimed.job.specification
        let schema = try DatasetSchema(claimed.dataset)
        guard let modalities = schema.modalities, let labels = schema.labels else {
            preconditionFailure("a data set with splits has modalities and labels")
        }
        let splits = try claimed.dataset.splits.compactMap { split in
            try DatasetDirectory.Split(rawValue: split.name).map {
                let contentDigest = try split.contents.contentDigest
                let path = files.directory.path(split.path)
                return ($0, TrainingTask.SplitFile(path: path, digest: split.digest, contentDigest: contentDigest))
            }
        }
        return TrainingTask(
            build: build,
            splits: Dictionary(uniqueKeysWithValues: splits),
            labels: labels,
            modalities: modalities,
            hyperparameters: job.hyperparameters,
            seed: job.seed,
            earlyStopping: job.earlyStopping,
            checkpoints: TrainingTask.Checkpoints(
                directory: work.appendingPathComponent(Self.checkpointsName).path,
                everySteps: job.checkpoint?.everySteps,
                everySeconds: job.checkpoint?.everySeconds ?? Self.checkpointSeconds
            ),
            resume: claimed.job.checkpoints.map {
                TrainingTask.CheckpointFile(path: files.directory.path($0.path), digest: $0.digest)
            },
            output: work.appendingPathComponent(Self.modelName).path,
            threads: threads,
            memory: memory
        )
    }

    /// Moves a checkpoint out of the folder of the attempt, which goes with it.
    private func adopt(_ checkpoint: WorkerMessage.Checkpoint, of claimed: ClaimedJob) async throws -> String {
        let folder = DataLayout.checkpoints(job: claimed.job.id)
        // An attempt writes one for each step at most.
        let target = "\(folder)/\(checkpoint.step)-\(claimed.job.attempt).safetensors"
        let source = "\(DataLayout.work(claimed.token))/\(Self.checkpointsName)/\(checkpoint.name)"
        return try await files.making([target]) {
            try await files.move(source, to: target)
            return target
        }
    }

    /// - Returns: nil for a job that only its result is wanted of.
    private func publish(_ claimed: ClaimedJob) async throws -> ModelDraft? {
        let job = claimed.job
        guard try job.specification.keepsModel != false else { return nil }
        let directory = files.directory
        let source = directory.url("\(DataLayout.work(claimed.token))/\(Self.modelName)")
        // A name of its own: where an older database was restored, the same attempt may have left its model before.
        let target = "\(DataLayout.model(job.model))/\(job.id)-\(job.attempt)-\(UUID().uuidString)"
        return try await reporting("the model could not be put in its place") {
            try await files.making([target]) {
                try await queue.run {
                    let digest = try ModelDirectory.digest(of: source.path)
                    let configuration = source.appendingPathComponent(ModelDirectory.configurationName)
                    let document = try Data(contentsOf: configuration)
                    // Refuses a directory that could not be loaded later.
                    _ = try ModelDirectory.readConfiguration(source.path)
                    try directory.move(source, to: directory.url(target))
                    return ModelDraft(name: job.model, digest: digest, directory: target, document: document)
                }
            }
        }
    }

    /// Tells of a disk that is full, and of the like, as what it is: the same may succeed later.
    private func reporting<Value>(_ what: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SystemError {
            throw AttemptError(what, code: error.code)
        } catch let error as CocoaError {
            guard let cause = error.underlying as? POSIXError else { throw error }
            throw AttemptError(what, code: cause.code.rawValue)
        }
    }
}
