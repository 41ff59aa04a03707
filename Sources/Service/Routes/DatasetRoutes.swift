import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/datasets`, but for the upload of splits.
struct DatasetRoutes: Sendable {
    let backend: Backend

    @Sendable func create(_ request: Request) async throws -> Response {
        let (name, document) = try DatasetRequest.read(request.document())
        let record = try await backend.datasets.create(name: name, document: JSONEncoder().encode(document))
        return try .encoding(DatasetView(record), status: .created, fields: [.location: "/v1/datasets/\(record.id)"])
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await backend.datasets.list(after: request[Paging.after], limit: request[Paging.limit])
        return try .encoding(page.document { try DatasetView($0) })
    }

    @Sendable func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        return try .encoding(DatasetView(record))
    }

    @Sendable func delete(_ request: Request) async throws -> Response {
        await backend.files.discard(try await backend.datasets.delete(request.parameters.require("id")))
        return Response(status: .noContent)
    }
}
