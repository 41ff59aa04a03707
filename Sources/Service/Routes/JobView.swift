import Emotion
import Jobs
import JSON

/// A job as clients see it.
struct JobView: Encodable {
    private struct Progress: Encodable {
        let step: Int
        let steps: Int
        let epoch: Int
        let epochs: Int
        /// Steps done, of all.
        let fraction: Double
        let clipsPerSecond: Double?
    }

    private struct Attempt: Encodable {
        let number: Int
        let outcome: String
        let error: String?
        let startedAt: Timestamp
        let finishedAt: Timestamp?
    }

    private struct EarlyStopping: Encodable {
        let metric: String
        let patience: Int
    }

    private struct ModelVersion: Encodable {
        let name: String
        let version: Int
        /// The step of the checkpoint it was promoted from.
        let checkpoint: Int?

        init(_ reference: JobRecord.ModelReference) {
            name = reference.name
            version = reference.version
            checkpoint = reference.checkpoint
        }
    }

    private struct Sweep: Encodable {
        let id: String
        /// Counted from 0.
        let cell: Int
        let name: String?
    }

    private let object = "job"
    private let id: String
    private let status: String
    private let sweep: Sweep?
    private let dataset: String
    private let model: String
    private let recipe: String
    private let seed: UInt64
    private let priority: Int
    private let maxAttempts: Int
    private let timeLimitS: Double?
    /// Seconds that its attempts have run.
    private let ranS: Double
    /// Seconds that it waits before it may run again.
    private let delayS: Double?
    private let checkpoint: JobDocument.Checkpoint?
    private let checkpoints: [CheckpointView]
    private let hyperparameters: JSONValue
    private let earlyStopping: EarlyStopping?
    private let attempt: Int
    private let attempts: [Attempt]
    private let progress: Progress?
    /// Seconds until the last step at the pace so far.
    private let etaS: Double?
    private let error: String?
    /// What the training came to: the summary that the model holds.
    private let result: JSONValue?
    /// What the job ended with.
    private let modelVersion: ModelVersion?
    /// That, and what was promoted.
    private let modelVersions: [ModelVersion]
    private let createdAt: Timestamp
    private let updatedAt: Timestamp
    private let startedAt: Timestamp?
    private let finishedAt: Timestamp?

    /// What is shown of the document of a job. The hyperparameters are shown as they were written down: to read and write
    /// them takes longer than all the rest.
    private struct Specification: Decodable {
        let recipe: String
        let seed: UInt64
        let hyperparameters: JSONValue
        let earlyStopping: Training.EarlyStopping?
        let checkpoint: JobDocument.Checkpoint?
        let cell: String?

        private enum CodingKeys: String, CodingKey {
            case recipe, seed, hyperparameters, checkpoint, cell
            case earlyStopping = "early_stopping"
        }
    }

    /// - Parameter isListed: whether it is one of many, whose results are told in brief.
    init(_ record: JobRecord, isListed: Bool = false) throws {
        let job = try JSONReader.decode(Specification.self, from: record.document)
        id = record.id
        status = record.state.rawValue
        sweep = record.sweep.map { Sweep(id: $0.id, cell: $0.cell, name: job.cell) }
        dataset = record.dataset
        model = record.model
        recipe = job.recipe
        seed = job.seed
        priority = record.priority
        maxAttempts = record.maxAttempts
        timeLimitS = record.timeLimit.map { Double($0) / 1000 }
        ranS = Double(record.ran) / 1000
        delayS = record.delay.map { Double($0) / 1000 }
        checkpoint = job.checkpoint
        checkpoints = try record.checkpoints.map { try CheckpointView($0) }
        // An older job lacks those that came after it, which have their defaults.
        let isWhole = job.hyperparameters.members.count == Hyperparameters.fields.count
        hyperparameters =
            isWhole
            ? job.hyperparameters
            : try JSONReader.value(JSONDocumentEncoder.encode(record.specification.hyperparameters))
        earlyStopping = job.earlyStopping.map {
            EarlyStopping(metric: $0.metric.validationName, patience: $0.patience)
        }
        attempt = record.attempt
        attempts = record.attempts.map {
            Attempt(
                number: $0.number,
                outcome: $0.outcome.rawValue,
                error: $0.error,
                startedAt: Timestamp($0.startedAt),
                finishedAt: Timestamp($0.finishedAt)
            )
        }
        progress = record.progress.map {
            Progress(
                step: $0.step,
                steps: $0.steps,
                epoch: $0.epoch,
                epochs: $0.epochs,
                fraction: Double($0.step) / Double(max($0.steps, 1)),
                clipsPerSecond: $0.clipsPerSecond
            )
        }
        etaS = record.state == .running ? record.progress?.secondsLeft.map { ($0 * 10).rounded() / 10 } : nil
        error = record.error
        result = try record.result.map { try JSONReader.value($0) }.map { isListed ? Self.brief($0) : $0 }
        modelVersion = record.versions.first { $0.checkpoint == nil }.map { ModelVersion($0) }
        modelVersions = record.versions.map { ModelVersion($0) }
        createdAt = Timestamp(record.createdAt)
        updatedAt = Timestamp(record.updatedAt)
        startedAt = Timestamp(record.startedAt)
        finishedAt = Timestamp(record.finishedAt)
    }

    /// The figures of a result over all labels, at the thresholds of the model: all else is most of a list of jobs.
    static func brief(_ result: JSONValue) -> JSONValue {
        func plain(_ value: JSONValue) -> Bool { value.elements.isEmpty && value.members.isEmpty }
        let members = result.members.compactMapValues { value -> JSONValue? in
            if plain(value) { return value }
            let figures = value.members.filter { plain($0.value) }
            return figures.isEmpty ? nil : .object(figures)
        }
        return .object(members)
    }
}
