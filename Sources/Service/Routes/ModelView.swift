import Emotion
import JSON
import Jobs

/// A version of a model as clients see it.
struct VersionView: Encodable {
    struct MetricsView: Encodable {
        /// At the model's own threshold.
        let valid: Metrics
        let test: Metrics?
        /// At 0.5 and at the tuned thresholds, side by side; nil for versions made before these were kept.
        let validByThreshold: ThresholdComparison?
        let testByThreshold: ThresholdComparison?

        /// nil for parameters that were not measured.
        init?(_ training: TrainingSummary) {
            guard let validation = training.validation else { return nil }
            valid = validation
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
    let dataset: String?
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
    /// That it was promoted from; nil for what a training ended with.
    let checkpoint: TrainingSummary.Checkpoint?

    init(_ record: ModelRecord) throws {
        let configuration = try record.configuration
        let training = configuration.training
        name = record.name
        version = record.version
        digest = record.digest
        job = record.job
        dataset = record.dataset
        createdAt = Timestamp(record.createdAt)
        labels = configuration.labels
        modalities = configuration.modalities
        hyperparameters = configuration.hyperparameters
        metrics = training.flatMap { MetricsView($0) }
        tunedThresholds = training?.tunedThresholds
        bestEpoch = training?.bestEpoch
        selectedBy = configuration.selectedBy
        stoppedEarly = training?.stoppedEarly
        warnings = training?.warnings
        seed = training?.seed
        checkpoint = training?.checkpoint
    }

    static let schema = Schema.object([
        .init("object", .words(["model_version"])),
        .init("name", .string()),
        .init("version", .integer(1...Int.max)),
        .init("digest", .string("SHA-256, as sha256:…")),
        .init("job", .string("The id of the job it came of"), isRequired: false),
        .init("dataset", .string("The id of the data set it was trained on"), isRequired: false),
        .init("created_at", .time),
        .init("labels", .array(of: .string())),
        .init("modalities", .array(of: .modality, "In the order in which they are encoded")),
        .init("hyperparameters", Hyperparameters.schema),
        .init("metrics", metrics, isRequired: false),
        .init("tuned_thresholds", .array(of: .number(), "Per label"), isRequired: false),
        .init("best_epoch", .integer(1...Int.max), isRequired: false),
        .init("selected_by", .string("The metric that chose the epoch: valid_micro_f1"), isRequired: false),
        .init(
            "stopped_early", .object([], others: .any, "Why the training ended before its last epoch"),
            isRequired: false),
        .init("warnings", .array(of: .object([], others: .any)), isRequired: false),
        .init("seed", .integer(0...Int.max), isRequired: false),
        .init("checkpoint", checkpoint, isRequired: false),
    ]).named("ModelVersion")

    private static let checkpoint = Schema.object(
        [
            .init("step", .integer(0...Int.max)),
            .init("weights", .words(TrainingSummary.Checkpoint.Weights.allCases.map(\.rawValue))),
        ], "The checkpoint that it was promoted from; a version without one is what its training ended with")

    private static let metrics = Schema.object([
        .init("valid", .object([], others: .any)),
        .init("test", .object([], others: .any), isRequired: false),
        .init("valid_by_threshold", .object([], others: .any), isRequired: false),
        .init("test_by_threshold", .object([], others: .any), isRequired: false),
    ])
}

extension ModelRecord {
    var configuration: ModelConfiguration {
        get throws { try JSONReader.decode(ModelConfiguration.self, from: document) }
    }
}

/// The names of models, which are parts of paths as well.
enum ModelName {
    static let pattern = Schema.Pattern(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        rule: "have 1 to 64 letters, digits, '.', '_' and '-', and begin with a letter or digit"
    )
}
