import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/datasets`, but for the upload of splits.
struct DatasetRoutes: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(.post, "/v1/datasets", body: .buffered(limit: 1 << 20), handler: create)
        router.on(.get, "/v1/datasets", handler: list)
        router.on(.get, "/v1/datasets/{id}", handler: get)
        router.on(.delete, "/v1/datasets/{id}", handler: delete)
    }

    @Sendable private func create(_ request: Request) async throws -> Response {
        let (name, document) = try DatasetRequest.read(request.body.bytes)
        let record = try await backend.datasets.create(name: name, document: JSONEncoder().encode(document))
        return try .encoding(DatasetView(record), status: .created, fields: [.location: "/v1/datasets/\(record.id)"])
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let page = try await backend.datasets.list(after: listing.after, limit: listing.limit())
        return try .encoding(page.document { try DatasetView($0) })
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        return try .encoding(DatasetView(record))
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        await backend.files.discard(try await backend.datasets.delete(request.parameters.require("id")))
        return Response(status: .noContent)
    }
}
