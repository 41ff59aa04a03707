import Emotion
import HTTP
import HTTPTypes
import Jobs
import JSON

/// `/v1/models`: what there is to predict with.
struct ModelRoutes: Sendable {
    let backend: Backend

    private static let model = Field.string("model", "The name of a model")
    private static let version = Field.integer("version", 1...Int.max, default: 1, "The number of a version")
    private static let afterVersion = Field.optionalInteger(
        "after", 1...Int.max, "The last version of the page before")
    static let versionPath = [model.member, Schema.Member("version", version.member.schema)]

    var operations: [Operation] {
        [
            Operation(
                id: "listModels", method: .get, pattern: "/v1/models", tag: "models", scope: .predict,
                summary: "List models by name, each with its newest version",
                query: [Paging.after.member, Paging.limit.member],
                answers: [.init(summary: "A page of models", content: .json(Paging.schema(of: Self.listedSchema)))],
                handler: .task(list)
            ),
            Operation(
                id: "getModel", method: .get, pattern: "/v1/models/{model}", tag: "models", scope: .predict,
                summary: "Show the versions of a model, the newest first",
                path: [Self.model.member],
                query: [Self.afterVersion.member, Paging.limit.member],
                answers: [.init(summary: "A page of versions", content: .json(Self.schema))],
                handler: .task(get)
            ),
            Operation(
                id: "getVersion", method: .get, pattern: "/v1/models/{model}/versions/{version}", tag: "models",
                scope: .predict,
                summary: "Show a version of a model",
                path: Self.versionPath,
                answers: [
                    .init(
                        summary: "The version", content: .json(VersionView.schema),
                        fields: [.eTag: "Of the description, not of the weights"]),
                    .unchanged,
                ],
                handler: .immediate(version)
            ),
        ]
    }

    private static let listedSchema = Schema.object([
        .init("object", .words(["model"])), .init("name", .string()), .init("newest", VersionView.schema),
    ]).named("ListedModel")

    private static let schema = Schema.object([
        .init("object", .words(["model"])), .init("name", .string()),
        .init("newest", .integer(1...Int.max, "The newest version there is")),
        .init("aliases", .dictionary(of: .integer(1...Int.max), "The version of each alias")),
        .init("versions", .array(of: VersionView.schema)), .init("has_more", .boolean),
    ]).named("Model")

    @Sendable private func list(_ request: Request) -> Response {
        let page = backend.registry.list(after: request[Paging.after], limit: request[Paging.limit])
        var writer = JSONWriter(reserving: page.data.reduce(128) { $0 + $1.document.count + 128 })
        writer.object {
            $0.member("data") {
                $0.array {
                    for version in page.data {
                        $0.object {
                            $0.member("name") { $0.value(version.name) }
                            $0.member("newest") { $0.raw(version.document) }
                            $0.member("object") { $0.value("model") }
                        }
                    }
                }
            }
            $0.member("has_more") { $0.value(page.hasMore) }
            $0.member("object") { $0.value("list") }
        }
        return .json(writer.bytes)
    }

    @Sendable private func get(_ request: Request) throws -> Response {
        let name = request.parameters.require("model")
        guard let newest = backend.registry.newest(name) else { throw Problem.notFound("model \(name.quoted)") }
        let page = backend.registry.versions(
            of: name,
            after: request[Self.afterVersion],
            limit: request[Paging.limit]
        )
        var writer = JSONWriter(reserving: page.data.reduce(128) { $0 + $1.document.count + 1 })
        writer.object {
            $0.member("aliases") {
                $0.object {
                    for alias in backend.registry.aliases(of: name) {
                        if let version = alias.version { $0.member(alias.alias) { $0.value(version) } }
                    }
                }
            }
            $0.member("has_more") { $0.value(page.hasMore) }
            $0.member("name") { $0.value(name) }
            $0.member("newest") { $0.value(newest.number) }
            $0.member("object") { $0.value("model") }
            $0.member("versions") { $0.array { for version in page.data { $0.raw(version.document) } } }
        }
        return .json(writer.bytes)
    }

    @Sendable private func version(_ request: Request) throws -> Response {
        let version = try backend.registry.find(request)
        if let unchanged = try request.notModified(version.entityTag) { return unchanged }
        return .json(version.document, fields: [.eTag: version.entityTag])
    }
}

extension ModelRegistry {
    /// The version that the path of a request names.
    func find(_ request: Request) throws(Problem) -> ModelVersion {
        try find(request.parameters.require("model"), version: request.parameters.require("version"))
    }

    /// The version that a request names: a number, or @ and an alias, or nil for what answers where none is named.
    func find(_ name: String, version: String?) throws(Problem) -> ModelVersion {
        guard let version else {
            guard let current = current(name) else { throw .notFound("model \(name.quoted)") }
            return current
        }
        if version.hasPrefix("@") {
            let alias = String(version.dropFirst())
            guard let number = self.alias(alias, of: name)?.version, let found = self.version(number, of: name) else {
                throw .notFound("alias \(alias.quoted) of a model \(name.quoted)")
            }
            return found
        }
        // Written in one way only, so that a version has one address.
        guard let number = Int(version), String(number) == version, let found = self.version(number, of: name) else {
            throw .notFound("version \(version.quoted) of a model \(name.quoted)")
        }
        return found
    }
}
