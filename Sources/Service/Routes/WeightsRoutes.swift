import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// Weights of models out and in: `/v1/models/{model}/versions/{version}/weights` and `POST /v1/models/{model}/versions`.
struct WeightsRoutes: Sendable {
    let backend: Backend

    private static let model = Field.string("model", pattern: ModelName.pattern, "The name of a model")
    private static let heads = Field.integer(
        "heads", 1...1024, default: Hyperparameters().heads,
        "Attention heads; for weights of the authors' model, which do not tell")
    private static let labels = Field.names(
        "labels", count: 1...4096, .string(length: 1...256),
        "The labels in the order of the queries; for weights of the authors' model (those of CMU-MOSEI when there are six, else label_1, label_2, …)"
    )
    private static let type = "application/vnd.safetensors"
    // The last is what curl says of `--data-binary` when it is told nothing.
    private static let types = [
        type, "application/x-safetensors", "application/octet-stream", "application/x-www-form-urlencoded",
    ]

    /// Reads and writes weights, one file at a time: each may be as large as memory allows.
    private let queue = WorkQueue("limbic.weights", qos: .utility)

    init(backend: Backend) { self.backend = backend }

    var operations: [Operation] {
        [
            Operation(
                id: "getWeights", method: .get, pattern: "/v1/models/{model}/versions/{version}/weights",
                tag: "models", scope: .predict,
                summary: "Download the weights of a version with its configuration, as safetensors",
                path: ModelRoutes.versionPath,
                answers: [
                    .init(
                        summary: "The file", content: .other(type: "application/octet-stream"),
                        fields: [.eTag: "The digest of the version"]),
                    .init(
                        status: .partialContent, summary: "The range of it that was asked for",
                        content: .other(type: "application/octet-stream")),
                    .unchanged,
                ],
                failures: [.rangeNotSatisfiable, .serviceUnavailable],
                handler: .task(get)
            ),
            Operation(
                id: "createVersion", method: .post, pattern: "/v1/models/{model}/versions", tag: "models",
                scope: .train,
                summary: "Make a version of weights: as this service gives them, or of the authors' PyTorch model",
                path: [Self.model.member],
                query: [Self.heads.member, Self.labels.member],
                header: [ContentDigest.field.member],
                body: .file(types: Self.types, limit: backend.configuration.maxUploadSize),
                answers: [
                    .init(
                        status: .created, summary: "The new version", content: .json(VersionView.schema),
                        fields: [.location: "Where the version is"])
                ],
                failures: [.unprocessableContent, .insufficientStorage, .serviceUnavailable],
                handler: .task(create)
            ),
        ]
    }

    @Sendable private func get(_ request: Request) throws -> Response {
        let version = try backend.registry.find(request)
        let path = backend.directory.path("\(version.directory)/\(ModelDirectory.weightsName)")
        guard let file = try? OpenFile(path: path) else {
            throw Problem.unavailable(code: "model_unreadable", "the weights of \(version.title) cannot be read")
        }
        let name = "\(version.name)-\(version.number).safetensors"
        return try .file(
            file, type: "application/octet-stream", to: request, Validators(entityTag: "\"\(version.digest)\""),
            fields: [.contentDisposition: "attachment; filename=\"\(name)\""])
    }

    /// The weights go to the disk as they come, and are read as a model would be loaded, before there is a version.
    @Sendable private func create(_ request: Request) async throws -> Response {
        let name = request.parameters.require("model")
        guard ModelName.pattern.matches(name) else {
            throw Problem.notFound("model \(name.quoted): its name must \(ModelName.pattern.rule)")
        }
        let expected = try ContentDigest(request.fields)
        let (heads, labels) = (request[Self.heads], request[Self.labels])
        let identifier = UUID().uuidString
        let (incoming, source) = (DataLayout.incoming(identifier), DataLayout.incoming("\(identifier).model"))
        let target = "\(DataLayout.model(name))/imported-\(identifier)"
        let version = try await backend.files.making([incoming, source, target]) {
            let file = try IncomingFile(incoming, in: backend.directory)
            _ = try await file.receive(request.body, expecting: expected)
            let model = try await queue.run { [directory = backend.directory] in
                do {
                    let model = try ModelDirectory.read(weights: file.url.path, heads: heads, labels: labels)
                    return try WrittenModel(model, in: directory.path(source))
                } catch let error as ModelError {
                    throw Problem.invalid(
                        FieldError.pointer("", error.field), error.reason, code: "bad_weights")
                }
            }
            try await backend.files.move(source, to: target)
            return try await backend.models.register(
                ModelDraft(name: name, digest: model.digest, directory: target, document: model.document))
        }
        await backend.files.discard([incoming, source])
        return try .encoding(
            VersionView(version), status: .created,
            fields: [.location: "/v1/models/\(version.name)/versions/\(version.version)"])
    }
}
