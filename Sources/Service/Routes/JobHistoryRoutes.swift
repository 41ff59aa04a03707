import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON

/// What has happened to a job: events, metrics and the log of its workers.
struct JobHistoryRoutes: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(.get, "/v1/jobs/{id}/events", handler: events)
        router.on(.get, "/v1/jobs/{id}/metrics", handler: metrics)
        router.on(.get, "/v1/jobs/{id}/logs", handler: logs)
    }

    private struct EventView: Encodable {
        let sequence: Int
        let kind: String
        let attempt: Int
        let createdAt: Timestamp
        let data: JSONValue
    }

    @Sendable private func events(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let page = try await backend.jobs.events(
            of: request.parameters.require("id"),
            after: listing.integer("after", in: 0...Int.max) ?? 0,
            limit: listing.limit()
        )
        return try .encoding(
            page.document { event in
                EventView(
                    sequence: event.sequence,
                    kind: event.kind,
                    attempt: event.attempt,
                    createdAt: Timestamp(event.createdAt),
                    data: try JSONReader.value(Array(event.document))
                )
            }
        )
    }

    private struct SeriesView: Encodable {
        let name: String
        let steps: [Int]
        /// null where the measurement was not a finite number.
        let values: [Double?]
    }

    @Sendable private func metrics(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let series = try await backend.jobs.metrics(
            of: request.parameters.require("id"),
            names: listing.names("names"),
            fromStep: listing.integer("from_step", in: 0...Int.max) ?? 0,
            maxPoints: listing.integer("max_points", in: 2...100_000) ?? 1000
        )
        let views = series.map { series in
            SeriesView(name: series.name, steps: series.points.map(\.step), values: series.points.map(\.value))
        }
        return .encoding(ListDocument(data: views, hasMore: false))
    }

    @Sendable private func logs(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard try await backend.jobs.get(id) != nil else { throw JobStoreError.notFound(id: id) }
        let fields: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
        // A job whose workers said nothing has no file.
        guard let file = try? OpenFile(path: backend.directory.path(DataLayout.log(job: id))) else {
            return Response(fields: fields)
        }
        return Response(fields: fields, body: .file(file))
    }
}
