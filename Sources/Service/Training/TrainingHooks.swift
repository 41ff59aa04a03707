import Emotion
import Foundation
import Jobs
import Platform

/// What the worker pool leaves to the service: telling a worker what to do, and making a model of what it did.
struct TrainingHooks: Sendable {
    let directory: DataDirectory
    /// Threads of the engine in a worker.
    let threads: Int

    private let queue = WorkQueue("limbic.publish")

    init(directory: DataDirectory, threads: Int) {
        self.directory = directory
        self.threads = threads
    }

    var hooks: WorkerPool.Hooks {
        WorkerPool.Hooks(
            specification: { try specification($0) },
            publish: { job, _ in try await publish(job) },
            withdraw: { _, draft in await withdraw(draft) }
        )
    }

    private func specification(_ claimed: ClaimedJob) throws -> Data {
        let job = try claimed.job.specification
        let schema = try DatasetSchema(claimed.dataset)
        guard let modalities = schema.modalities, let labels = schema.labels else {
            preconditionFailure("a data set with splits has modalities and labels")
        }
        // What an earlier attempt left behind is of no use.
        directory.remove(directory.work(job: claimed.job.id))
        let output = directory.work(job: claimed.job.id).appendingPathComponent("\(claimed.job.attempt)/model")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        let splits = claimed.dataset.splits.compactMap { split in
            DatasetDirectory.Split(rawValue: split.name).map { ($0, directory.path(split.path)) }
        }
        return try TrainingTask(
            splits: Dictionary(uniqueKeysWithValues: splits),
            labels: labels,
            modalities: modalities,
            hyperparameters: job.hyperparameters,
            seed: job.seed,
            earlyStopping: job.earlyStopping,
            output: output.path,
            threads: threads
        ).line()
    }

    private func publish(_ claimed: ClaimedJob) async throws -> ModelDraft {
        let job = claimed.job
        let work = directory.work(job: job.id)
        let source = work.appendingPathComponent("\(job.attempt)/model")
        let target = "models/\(job.model)/\(job.id)-\(job.attempt)"
        return try await queue.run {
            let digest = try ModelDirectory.digest(of: source.path)
            let configuration = source.appendingPathComponent(ModelDirectory.configurationName)
            let document = try Data(contentsOf: configuration)
            // Refuses a directory that could not be loaded later.
            _ = try ModelDirectory.readConfiguration(source.path)
            try directory.move(source, to: directory.url(target))
            directory.remove(work)
            return ModelDraft(name: job.model, digest: digest, directory: target, document: document)
        }
    }

    private func withdraw(_ draft: ModelDraft) async {
        directory.remove(directory.url(draft.directory))
    }
}
