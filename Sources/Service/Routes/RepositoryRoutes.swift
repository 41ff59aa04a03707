import HTTP
import HTTPTypes
import Jobs

/// `/v2/repository`: the model repository extension of the Open Inference Protocol.
struct RepositoryRoutes: Sendable {
    let backend: Backend

    private static let model = Field.string("model", "The name of a model")
    private static let ready = Field<Bool>.flag("ready", default: false, "Whether only what is ready is listed")
    /// The most bytes of a request.
    private static let limit = 64 << 10

    var operations: [Operation] {
        let none = Schema.object([])
        return [
            Operation(
                id: "indexRepository", method: .post, pattern: "/v2/repository/index", tag: "inference",
                scope: .predict,
                summary: "List all versions of all models, with their states",
                body: .json(.object([Self.ready.member]), limit: Self.limit), isTypeOptional: true,
                answers: [.init(summary: "The versions", content: .json(.array(of: Self.schema)))],
                handler: .task(index)
            ),
            Operation(
                id: "loadModel", method: .post, pattern: "/v2/repository/models/{model}/load", tag: "inference",
                scope: .admin,
                summary: "Load what answers for a model, anew if it is there; it goes on answering meanwhile",
                path: [Self.model.member],
                body: .json(.object([.init("parameters", none, isRequired: false)]), limit: Self.limit),
                isTypeOptional: true,
                answers: [.init(summary: "It is there", content: .json(none))],
                failures: [.serviceUnavailable],
                handler: .task(load)
            ),
            Operation(
                id: "unloadModel", method: .post, pattern: "/v2/repository/models/{model}/unload", tag: "inference",
                scope: .admin,
                summary: "Give up all versions of a model, which answer nothing until they are loaded again",
                path: [Self.model.member],
                body: .json(.object([.init("parameters", Self.unloading, isRequired: false)]), limit: Self.limit),
                isTypeOptional: true,
                answers: [.init(summary: "It is gone from memory", content: .json(none))],
                handler: .task(unload)
            ),
        ]
    }

    private static let unloading = Schema.object([
        Field<Bool>.flag("unload_dependents", default: false, "Of no meaning: no model depends on another").member
    ])

    private static let schema = Schema.object([
        .init("name", .string()), .init("version", .string()),
        .init(
            "state", .words(["READY", "UNAVAILABLE"], "READY: it is in memory, or comes there when it is asked for")),
        .init("reason", .string("Why it is not ready"), isRequired: false),
    ])

    @Sendable private func index(_ request: Request) throws -> Response {
        let onlyReady = try request.document()[Self.ready]
        let models = backend.registry.list(after: nil, limit: .max).data
        var writer = JSONWriter()
        writer.array {
            for model in models {
                for version in backend.registry.versions(of: model.name, after: nil, limit: .max).data.reversed() {
                    let reason = backend.predictor.cache.unreadiness(of: version)
                    if onlyReady, reason != nil { continue }
                    $0.object {
                        $0.member("name") { $0.value(version.name) }
                        if let reason { $0.member("reason") { $0.value(reason) } }
                        $0.member("state") { $0.value(reason == nil ? "READY" : "UNAVAILABLE") }
                        $0.member("version") { $0.value(String(version.number)) }
                    }
                }
            }
        }
        return .json(writer.bytes)
    }

    @Sendable private func load(_ request: Request) async throws -> Response {
        _ = try request.document()
        try await backend.predictor.cache.load(
            backend.registry.find(request.parameters.require("model"), version: nil), anew: true)
        return .json("{}".utf8)
    }

    @Sendable private func unload(_ request: Request) throws -> Response {
        _ = try request.document()
        let newest = try backend.registry.find(request.parameters.require("model"), version: nil)
        for version in backend.registry.versions(of: newest.name, after: nil, limit: .max).data {
            backend.predictor.cache.unload(version)
        }
        return .json("{}".utf8)
    }
}
