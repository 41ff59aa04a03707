import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON

/// `/v1/models`: what there is to predict with.
struct ModelRoutes: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(.get, "/v1/models", handler: list)
        router.on(.get, "/v1/models/{model}", handler: get)
        router.on(.get, "/v1/models/{model}/versions/{version}", handler: version)
        router.on(.get, "/v1/models/{model}/versions/{version}/weights", handler: weights)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let page = try await backend.models.list(after: listing.after, limit: listing.limit())
        return try .encoding(page.document { try ModelView($0) })
    }

    /// A model: its newest version, and a page of all of them.
    private struct Document: Encodable {
        let object = "model"
        let name: String
        let newest: Int
        let versions: [VersionView]
        let hasMore: Bool
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let name = request.parameters.require("model")
        let listing = Listing(request)
        guard let newest = try await backend.models.newest(name) else { throw Problem.notFound("model \(name)") }
        let page = try await backend.models.versions(
            of: name,
            after: listing.integer("after", in: 1...Int.max),
            limit: listing.limit()
        )
        let versions = try page.data.map { try VersionView($0) }
        return .encoding(
            Document(name: name, newest: newest.version, versions: versions, hasMore: page.hasMore)
        )
    }

    @Sendable private func version(_ request: Request) async throws -> Response {
        let record = try await backend.models.find(
            request.parameters.require("model"),
            version: request.parameters.require("version")
        )
        return try .encoding(VersionView(record))
    }

    @Sendable private func weights(_ request: Request) async throws -> Response {
        let record = try await backend.models.find(
            request.parameters.require("model"),
            version: request.parameters.require("version")
        )
        let path = backend.directory.path("\(record.directory)/\(ModelDirectory.weightsName)")
        guard let file = try? OpenFile(path: path) else {
            throw Problem.unavailable(code: "model_unreadable", "the weights of \(record.title) cannot be read")
        }
        return Response(
            fields: [
                .contentType: "application/octet-stream",
                .contentDisposition: "attachment; filename=\"\(record.name)-\(record.version).safetensors\"",
                .eTag: "\"\(record.digest)\"",
            ],
            body: .file(file)
        )
    }
}

extension ModelStore {
    /// The version that a request names: a number, or nil for the newest.
    func find(_ name: String, version: String?) async throws -> ModelRecord {
        guard let version else {
            guard let newest = try await newest(name) else { throw Problem.notFound("model \(name)") }
            return newest
        }
        guard let number = Int(version), number > 0, let record = try await get(name, version: number) else {
            throw Problem.notFound("version \(version) of a model \(name)")
        }
        return record
    }
}

extension ModelRecord {
    /// In the words of an error.
    var title: String { "version \(version) of model \(name)" }

    var configuration: ModelConfiguration {
        get throws { try JSONReader.decode(ModelConfiguration.self, from: document) }
    }
}
