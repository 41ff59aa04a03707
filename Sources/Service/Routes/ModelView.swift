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
        let valid: Metrics
        let test: Metrics?
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
        metrics = training.map { MetricsView(valid: $0.validation, test: $0.test) }
        tunedThresholds = training?.tunedThresholds
        bestEpoch = training?.bestEpoch
        seed = training?.seed
    }
}
