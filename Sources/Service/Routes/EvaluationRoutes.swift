import Emotion
import Foundation
import HTTP
import HTTPTypes
import JSON
import Jobs

/// `POST /v1/models/{model}/versions/{version}/evaluate`, and `/v1/evaluations`: how well versions do on splits.
struct EvaluationRoutes: Sendable {
    let backend: Backend

    private static let id = Field.string("id", "The id of an evaluation")
    private static let dataset = Field.string("dataset", "The id of a data set")
    private static let split = Field<DatasetDirectory.Split>.word(
        "split", default: .test, "The split that the version is measured on")
    private static let threshold = PredictOptions.thresholdField
    private static let model = Field.optionalString("model", "Only evaluations of this model")
    private static let version = Field.optionalInteger("version", 1...Int.max, "Only evaluations of this version")
    private static let wait = Field.integer("wait", 0...60, default: 0, "Seconds to wait until the evaluation is over")

    var operations: [Operation] {
        [
            Operation(
                id: "evaluateVersion", method: .post, pattern: "/v1/models/{model}/versions/{version}/evaluate",
                tag: "evaluations", scope: .train,
                summary: "Have a version measured on a split of a data set",
                path: ModelRoutes.versionPath,
                body: .json(
                    Schema.object([Self.dataset.member, Self.split.member, Self.threshold.member])
                        .named("EvaluationRequest"), limit: 1 << 16),
                answers: [
                    .init(
                        status: .accepted, summary: "It waits for its turn", content: .json(EvaluationView.schema),
                        fields: [.location: "Where the evaluation is"])
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(add)
            ),
            Operation(
                id: "listEvaluations", method: .get, pattern: "/v1/evaluations", tag: "evaluations", scope: .predict,
                summary: "List evaluations, the newest first",
                query: [Self.model.member, Self.version.member, Paging.after.member, Paging.limit.member],
                answers: [
                    .init(summary: "A page of evaluations", content: .json(Paging.schema(of: EvaluationView.schema)))
                ],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "getEvaluation", method: .get, pattern: "/v1/evaluations/{id}", tag: "evaluations",
                scope: .predict,
                summary: "Show an evaluation",
                path: [Self.id.member],
                query: [Self.wait.member],
                answers: [.init(summary: "The evaluation", content: .json(EvaluationView.schema))],
                failures: [.serviceUnavailable],
                handler: .task(get)
            ),
        ]
    }

    @Sendable private func add(_ request: Request) async throws -> Response {
        let version = try backend.registry.find(request)
        let body = try request.document()
        let (id, split) = (body[Self.dataset], body[Self.split])
        guard let dataset = try await backend.datasets.get(id) else {
            throw Problem.invalid("/dataset", "there is no data set \(id.quoted)", code: "unknown_dataset")
        }
        guard let record = dataset.splits.first(where: { $0.name == split.rawValue }) else {
            throw Problem.invalid("/split", "the data set has no split \(split.rawValue)", code: "unknown_split")
        }
        let contents = try record.contents
        guard contents.contentDigest != nil else {
            throw Problem.invalid("/split", "it was uploaded to an earlier version of the service; upload it once more")
        }
        let configuration = try version.configuration()
        let modalities = Dictionary(
            uniqueKeysWithValues: contents.report.modalities.map { ($0.name, $0.featureSize) })
        if let fault = EvaluatedSplit.fault(
            modalities: modalities, labelCount: contents.report.labelCount ?? 0, for: configuration)
        {
            throw Problem.invalid("/dataset", fault, code: "dataset_mismatch")
        }
        var errors = FieldErrors()
        let thresholds = PredictOptions.thresholds(body[Self.threshold], configuration, &errors)
        guard errors.isEmpty else { throw Problem.invalid(errors) }
        let evaluation = try await backend.evaluations.add(
            (version.name, version.number), dataset: id, split: split.rawValue,
            document: try JSONEncoder().encode(EvaluationDocument(thresholds: thresholds)))
        return try .encoding(
            EvaluationView(evaluation), status: .accepted, fields: [.location: "/v1/evaluations/\(evaluation.id)"])
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let page = try await backend.evaluations.list(
            of: request[Self.model], version: request[Self.version], after: request[Paging.after],
            limit: request[Paging.limit])
        return try .encoding(page.document { try EvaluationView($0) })
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard var record = try await backend.evaluations.get(id) else { throw Problem.notFound("evaluation \(id)") }
        let time = Duration.seconds(request[Self.wait])
        if time > .zero, !record.state.isOver {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [backend] in
                    for await _ in backend.evaluations.changes(of: id) {
                        if (try? await backend.evaluations.get(id))?.state.isOver ?? true { return }
                    }
                }
                group.addTask { [backend] in await backend.shutdown.sleep(for: time) }
                await group.next()
                group.cancelAll()
            }
            record = try await backend.evaluations.get(id) ?? record
        }
        return try .encoding(EvaluationView(record))
    }
}

/// An evaluation as clients see it.
private struct EvaluationView: Encodable {
    let object = "evaluation"
    let id: String
    let model: String
    let version: Int
    let dataset: String
    let split: String
    let status: String
    let createdAt: Timestamp
    let finishedAt: Timestamp?
    let error: String?
    let clips: Int?
    let contentDigest: String?
    let thresholds: Thresholds?
    let metrics: Metrics?
    let byThreshold: ThresholdComparison?
    let curves: [LabelCurves]?

    init(_ record: EvaluationRecord) throws {
        id = record.id
        model = record.name
        version = record.version
        dataset = record.dataset
        split = record.split
        status = record.state.rawValue
        createdAt = Timestamp(record.createdAt)
        finishedAt = record.finishedAt.map { Timestamp($0) }
        error = record.error
        let result = try record.result.map { try JSONReader.decode(EvaluationResult.self, from: $0) }
        clips = result?.clips
        contentDigest = result?.contentDigest
        thresholds = result?.thresholds
        metrics = result?.metrics
        byThreshold = result?.byThreshold
        curves = result?.curves
    }

    static let schema = Schema.object([
        .init("object", .words(["evaluation"])), .init("id", .string()), .init("model", .string()),
        .init("version", .integer(1...Int.max)), .init("dataset", .string()), .init("split", .string()),
        .init("status", .words(EvaluationRecord.State.allCases.map(\.rawValue))),
        .init("created_at", .time), .init("finished_at", .time, isRequired: false),
        .init("error", .string("Why it failed"), isRequired: false),
        .init("clips", .integer(0...Int.max), isRequired: false),
        .init("content_digest", .string("Of the split as it was measured on"), isRequired: false),
        .init("thresholds", .object([], others: .any, "The thresholds of the metrics, per label"), isRequired: false),
        .init("metrics", .object([], others: .any), isRequired: false),
        .init("by_threshold", .object([], others: .any, "At 0.5 and at the tuned thresholds"), isRequired: false),
        .init("curves", .array(of: curve), isRequired: false),
    ]).named("Evaluation")

    private static let curve = Schema.object([
        .init("label", .string()),
        .init(
            "roc",
            .array(
                of: .object([
                    .init("threshold", .number(), isRequired: false), .init("false_positive_rate", .number(0...1)),
                    .init("true_positive_rate", .number(0...1)),
                ]), "By falling threshold; empty where it is not defined")),
        .init(
            "reliability",
            .array(
                of: .object([
                    .init("clips", .integer(1...Int.max)), .init("probability", .number(0...1, "The mean")),
                    .init("frequency", .number(0...1, "The share of the clips that have the label")),
                ]), "Clips by their probability, from the least on")),
    ]).named("LabelCurves")
}
