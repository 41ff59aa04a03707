import Emotion
import Jobs

/// A model in a list.
struct ModelView: Encodable {
    let object = "model"
    let name: String
    let newest: VersionView

    init(_ record: ModelRecord) throws {
        name = record.name
        newest = try VersionView(record)
    }
}

/// A version of a model as clients see it.
struct VersionView: Encodable {
    struct MetricsView: Encodable {
        /// At the model's own threshold.
        let valid: Metrics
        let test: Metrics?
        /// At 0.5 and at the tuned thresholds, side by side; nil for versions made before these were kept.
        let validByThreshold: ThresholdComparison?
        let testByThreshold: ThresholdComparison?

        init(_ training: TrainingSummary) {
            valid = training.validation
            test = training.test
            validByThreshold = training.validationByThreshold
            testByThreshold = training.testByThreshold
        }
    }

    let object = "model_version"
    let name: String
    let version: Int
    let digest: String
    let job: String?
    let createdAt: Timestamp
    let labels: [String]
    let modalities: [Modality]
    let hyperparameters: Hyperparameters
    let metrics: MetricsView?
    let tunedThresholds: [Float]?
    let bestEpoch: Int?
    /// By which metric of which split: `valid_micro_f1`.
    let selectedBy: String?
    let stoppedEarly: TrainingSummary.EarlyStop?
    /// What is to be known before the metrics are trusted.
    let warnings: [TrainingSummary.Warning]?
    let seed: UInt64?

    init(_ record: ModelRecord) throws {
        let configuration = try record.configuration
        let training = configuration.training
        name = record.name
        version = record.version
        digest = record.digest
        job = record.job
        createdAt = Timestamp(record.createdAt)
        labels = configuration.labels
        modalities = configuration.modalities
        hyperparameters = configuration.hyperparameters
        metrics = training.map { MetricsView($0) }
        tunedThresholds = training?.tunedThresholds
        bestEpoch = training?.bestEpoch
        selectedBy = configuration.selectedBy
        stoppedEarly = training?.stoppedEarly
        warnings = training?.warnings
        seed = training?.seed
    }
}
