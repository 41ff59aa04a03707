import Emotion
import Foundation
import Jobs

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

    static let schema = Schema.object([
        .init("object", .words(["model_version"])),
        .init("name", .string()),
        .init("version", .integer(1...Int.max)),
        .init("digest", .string("SHA-256, as sha256:…")),
        .init("job", .string("The id of the job it came of"), isRequired: false),
        .init("created_at", .time),
        .init("labels", .array(of: .string())),
        .init("modalities", .array(of: .modality, "In the order in which they are encoded")),
        .init("hyperparameters", Hyperparameters.schema),
        .init(
            "metrics",
            .object([
                .init("valid", .object([], others: .any)), .init("test", .object([], others: .any), isRequired: false),
            ]),
            isRequired: false
        ),
        .init("tuned_thresholds", .array(of: .number(), "Per label"), isRequired: false),
        .init("best_epoch", .integer(1...Int.max), isRequired: false),
        .init("seed", .integer(0...Int.max), isRequired: false),
    ]).named("ModelVersion")
}

extension ModelRecord {
    var configuration: ModelConfiguration {
        get throws { try JSONDecoder().decode(ModelConfiguration.self, from: document) }
    }
}

/// The names of models, which are parts of paths as well.
enum ModelName {
    static let pattern = Schema.Pattern(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        rule: "have 1 to 64 letters, digits, '.', '_' and '-', and begin with a letter or digit"
    )
}
