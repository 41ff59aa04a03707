import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/models/{model}/aliases`: names for versions, which clients ask for while they are moved from one to the next.
struct AliasRoutes: Sendable {
    let backend: Backend

    private static let path = [
        Field.string("model", "The name of a model").member,
        Field.string(
            "alias", pattern: ModelName.pattern, "The alias; default is what answers where no version is named"
        )
        .member,
    ]
    private static let version = Field.requiredInteger(
        "version", 1...Int.max, "The number of the version it shall name")

    private static let pattern = "/v1/models/{model}/aliases/{alias}"

    var operations: [Operation] {
        [
            Operation(
                id: "getAlias", method: .get, pattern: Self.pattern, tag: "models", scope: .predict,
                summary: "Show the version that an alias names",
                path: Self.path,
                answers: [
                    .init(
                        summary: "The alias", content: .json(AliasView.schema),
                        fields: [.eTag: "Changes with the alias"]),
                    .unchanged,
                ],
                handler: .immediate(get)
            ),
            Operation(
                id: "setAlias", method: .put, pattern: Self.pattern, tag: "models", scope: .train,
                summary: "Have an alias name a version, which is loaded first: one that cannot be loaded is refused",
                path: Self.path,
                body: .json(Schema.object([Self.version.member]).named("AliasRequest"), limit: 1 << 16),
                answers: [
                    .init(
                        summary: "It names the version", content: .json(AliasView.schema),
                        fields: [.eTag: "As it is now"]),
                    .init(
                        status: .created, summary: "It is new", content: .json(AliasView.schema),
                        fields: [.eTag: "As it is now"]),
                ],
                failures: [.preconditionFailed, .insufficientStorage, .serviceUnavailable],
                handler: .task(set)
            ),
            Operation(
                id: "deleteAlias", method: .delete, pattern: Self.pattern, tag: "models", scope: .train,
                summary: "Remove an alias; the version it names stays",
                path: Self.path,
                answers: [.init(status: .noContent, summary: "It is gone")],
                failures: [.preconditionFailed, .insufficientStorage, .serviceUnavailable],
                handler: .task(remove)
            ),
        ]
    }

    @Sendable private func get(_ request: Request) throws -> Response {
        let (model, name) = (request.parameters.require("model"), request.parameters.require("alias"))
        guard let alias = backend.registry.alias(name, of: model) else {
            throw Problem.notFound("alias \(name.quoted) of a model \(model.quoted)")
        }
        if let unchanged = try request.notModified(alias.entityTag) { return unchanged }
        return .encoding(AliasView(alias), fields: [.eTag: alias.entityTag])
    }

    @Sendable private func set(_ request: Request) async throws -> Response {
        let (model, name) = (request.parameters.require("model"), request.parameters.require("alias"))
        guard ModelName.pattern.matches(name) else {
            throw Problem.notFound("alias \(name.quoted): it must \(ModelName.pattern.rule)")
        }
        let number = try request.document()[Self.version]
        guard backend.registry.newest(model) != nil else { throw Problem.notFound("model \(model.quoted)") }
        guard let version = backend.registry.version(number, of: model) else { throw Self.unknown(number, of: model) }
        // Who asks for the alias from now on shall not wait for it to be loaded, nor get errors.
        try request.check(backend.registry.alias(name, of: model))
        _ = try await backend.predictor.cache.model(version)
        let isNew = Mutex(false)
        let alias = try await backend.models.setAlias(name, of: model, to: number) { current in
            try request.check(current)
            isNew.withLock { $0 = current == nil }
        }
        return .encoding(
            AliasView(alias), status: isNew.withLock { $0 } ? .created : .ok, fields: [.eTag: alias.entityTag])
    }

    @Sendable private func remove(_ request: Request) async throws -> Response {
        let (model, name) = (request.parameters.require("model"), request.parameters.require("alias"))
        do {
            _ = try await backend.models.setAlias(name, of: model, to: nil, check: request.check)
        } catch AliasError.notFound {
            throw Problem.notFound("alias \(name.quoted) of a model \(model.quoted)")
        }
        return Response(status: .noContent)
    }

    private static func unknown(_ number: Int, of model: String) -> Problem {
        .invalid("/version", "there is no version \(number) of model \(model)", code: "unknown_version")
    }
}

/// An alias as clients see it.
private struct AliasView: Encodable {
    let object = "model_alias"
    let model: String
    let alias: String
    /// nil for one that was removed, which is not shown.
    let version: Int?
    let updatedAt: Timestamp

    init(_ record: AliasRecord) {
        version = record.version
        model = record.name
        alias = record.alias
        updatedAt = Timestamp(record.updatedAt)
    }

    static let schema = Schema.object([
        .init("object", .words(["model_alias"])), .init("model", .string()), .init("alias", .string()),
        .init("version", .integer(1...Int.max)), .init("updated_at", .time),
    ]).named("ModelAlias")
}

extension AliasRecord {
    /// The revision grows with every change, so it is all that a validator needs.
    fileprivate var entityTag: String { "\"\(revision)\"" }
}

extension Request {
    /// Looks whether an alias, nil where it is not there, is as the conditions of the request want it.
    fileprivate func check(_ alias: AliasRecord?) throws {
        if let alias {
            _ = try notModified(alias.entityTag)
        } else if fields.contains(.ifMatch) {
            throw RequestError.preconditionFailed("If-Match: there is no such alias")
        }
    }
}
