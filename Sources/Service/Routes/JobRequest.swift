import Emotion
import Foundation
import Jobs
import JSON

/// The body of `POST /v1/jobs`.
struct JobRequest {
    private static let datasetField = Field.string(
        "dataset", length: 1...200, "The id of the data set, which no longer changes from then on")
    private static let modelField = Field.string(
        "model", pattern: ModelName.pattern, example: "emo", "The model that gets a version")
    private static let recipeField = Field<Recipe>.word(
        "recipe", default: .paper, "The hyperparameters to begin with")
    private static let seedField = Field.integer(
        "seed", 0...Int.max, default: 0,
        "Of all random numbers: the same request with the same seed gives the same model")
    private static let priorityField = Field.integer(
        "priority", -1000...1000, default: 0, "Waiting jobs of a higher priority come first")
    private static let attemptsField = Field.integer(
        "max_attempts", 1...100, default: 3,
        "How often it may fail before it has failed; an interruption is no failure, and what would fail again is not tried"
    )
    private static let timeLimitField = Field.optionalInteger(
        "time_limit_s", 1...31_536_000, "Seconds that it may run, in all attempts together, before it fails")
    private static let checkpointField = Field<JSONValue?>.optionalValue(
        "checkpoint",
        .object(
            [everyStepsField.member, everySecondsField.member, keepField.member],
            "When the training is saved, so that it can go on"))
    private static let everyStepsField = Field.optionalInteger(
        "every_steps", 1...1_000_000_000, "Steps between two checkpoints; none by steps if it is not there")
    private static let everySecondsField = Field.integer(
        "every_seconds", 1...86_400, default: Int(TrainingHooks.checkpointSeconds),
        "Seconds between two checkpoints at most")
    private static let keepField = Field.integer("keep", 1...100, default: 3, "How many checkpoints stay")
    private static let hyperparametersField = Field<JSONValue?>.optionalValue(
        "hyperparameters", Hyperparameters.settingSchema)
    private static let stoppingField = Field<JSONValue?>.optionalValue(
        "early_stopping",
        .object([metricField.member, patienceField.member], "Ends a training that no longer gets better")
    )
    private static let metricField = Field.word(
        "metric", of: metrics, default: "valid_micro_f1", "What is to get better")
    private static let patienceField = Field.integer(
        "patience", 1...100_000, default: 5, "Epochs that it may not get better")

    private static let metrics = Hyperparameters.SelectionMetric.allCases.map { metricPrefix + $0.rawValue }
    private static let metricPrefix = "valid_"

    /// What a request for many jobs has as well.
    static let sharedMembers = [
        datasetField.member, modelField.member, recipeField.member, priorityField.member, attemptsField.member,
        timeLimitField.member, hyperparametersField.member, stoppingField.member, checkpointField.member,
    ]

    static let schema = Schema.object(sharedMembers + [seedField.member]).named("JobRequest")

    let dataset: String
    let model: String
    let priority: Int
    let maxAttempts: Int
    /// In milliseconds.
    let timeLimit: Int64?
    private(set) var document: JobDocument
    /// Names of the hyperparameters that were given, beyond the recipe.
    private let given: Set<String>

    /// - Parameter values: that ``schema`` has passed.
    /// - Throws: ``Problem`` about hyperparameters that do not go together.
    init(_ values: Values) throws(Problem) {
        dataset = values[Self.datasetField]
        given = Set((values[Self.hyperparametersField]?.members ?? [:]).keys)
        model = values[Self.modelField]
        priority = values[Self.priorityField]
        maxAttempts = values[Self.attemptsField]
        timeLimit = values[Self.timeLimitField].map { Int64($0) * 1000 }
        let recipe = values[Self.recipeField]
        document = JobDocument(
            recipe: recipe.rawValue,
            seed: UInt64(values[Self.seedField]),
            hyperparameters: try Self.hyperparameters(values[Self.hyperparametersField], over: recipe.hyperparameters),
            earlyStopping: values[Self.stoppingField].flatMap { Self.earlyStopping(Values($0)) },
            checkpoint: Self.checkpoint(Values(values[Self.checkpointField] ?? .null))
        )
    }

    /// What is to be made of it, with everything that the document says.
    func submission(_ document: JobDocument, _ idempotency: JobSubmission.Idempotency? = nil) throws -> JobSubmission {
        JobSubmission(
            dataset: dataset,
            model: model,
            document: Data(try JSONDocumentEncoder.encode(document)),
            priority: priority,
            maxAttempts: maxAttempts,
            timeLimit: timeLimit,
            keptCheckpoints: document.checkpoint?.keep ?? 3,
            idempotency: idempotency
        )
    }

    /// Takes over what the data set says and the request does not.
    mutating func adopt(_ schema: DatasetSchema) {
        if schema.replacesNonfinite || schema.hasReplacedValues, !given.contains("replace_nonfinite") {
            document.hyperparameters.replaceNonfinite = true
        }
    }

    private static func hyperparameters(_ value: JSONValue?, over recipe: Hyperparameters) throws(Problem)
        -> Hyperparameters
    {
        let settings = (value?.members ?? [:]).compactMapValues { HyperparameterValue($0) }
        do throws(HyperparameterErrors) {
            return try recipe.setting(settings)
        } catch {
            throw ErrorMapping.problem(error)
        }
    }

    private static func checkpoint(_ values: Values) -> JobDocument.Checkpoint {
        JobDocument.Checkpoint(
            everySteps: values[everyStepsField], everySeconds: Double(values[everySecondsField]),
            keep: values[keepField])
    }

    private static func earlyStopping(_ values: Values) -> Training.EarlyStopping? {
        let name = String(values[metricField].dropFirst(metricPrefix.count))
        return Hyperparameters.SelectionMetric(rawValue: name).map {
            Training.EarlyStopping(metric: $0, patience: values[patienceField])
        }
    }
}
