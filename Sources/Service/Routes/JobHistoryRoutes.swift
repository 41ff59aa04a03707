import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Platform

/// What has happened to a job: events, metrics and the log of its workers.
struct JobHistoryRoutes: Sendable {
    let backend: Backend

    private static let id = Field.string("id", "The id of a job")
    private static let afterEvent = Field.integer(
        "after", 0...Int.max, default: 0, "The sequence number of the last event of the page before")
    private static let lastEvent = Field.optionalInteger(
        "Last-Event-ID", 0...Int.max, "The sequence number of the last event that was got of a stream")
    private static let names = Field<[String]?>.names(
        "names", count: 1...64,
        .string(pattern: .init("^[A-Za-z0-9_.-]{1,64}$", rule: "have 1 to 64 letters, digits, '_', '.' and '-'")),
        "Only these metrics; separated by commas")
    private static let fromStep = Field.integer("from_step", 0...Int.max, default: 0, "The first step")
    private static let maxPoints = Field.integer(
        "max_points", 2...100_000, default: 1000, "The most points of a series; more are thinned")

    var operations: [Operation] {
        [
            Operation(
                id: "listJobEvents", method: .get, pattern: "/v1/jobs/{id}/events", tag: "jobs", scope: .train,
                summary: "List what has happened to a job, in order, or stream it until the job is over",
                path: [Self.id.member],
                query: [Self.afterEvent.member, Paging.limit.member],
                header: [Self.lastEvent.member],
                answers: [
                    .init(
                        summary: "A page of events; to a client that takes streams of events, each as it happens",
                        content: .jsonOrEvents(Paging.schema(of: EventView.schema))),
                    .init(status: .noContent, summary: "The job is over, and there is nothing more to be streamed"),
                ],
                failures: [.serviceUnavailable],
                handler: .task(events)
            ),
            Operation(
                id: "getJobMetrics", method: .get, pattern: "/v1/jobs/{id}/metrics", tag: "jobs", scope: .train,
                summary: "Show the course of a job's metrics",
                path: [Self.id.member],
                query: [Self.names.member, Self.fromStep.member, Self.maxPoints.member],
                answers: [.init(summary: "A series per metric", content: .json(Paging.schema(of: SeriesView.schema)))],
                failures: [.serviceUnavailable],
                handler: .task(metrics)
            ),
            Operation(
                id: "getJobLogs", method: .get, pattern: "/v1/jobs/{id}/logs", tag: "jobs", scope: .train,
                summary: "Show what the workers of a job have said",
                path: [Self.id.member],
                answers: [
                    .init(summary: "The log", content: .other(type: "text/plain")),
                    .init(
                        status: .partialContent, summary: "The range of it that was asked for",
                        content: .other(type: "text/plain")),
                    .unchanged,
                ],
                failures: [.rangeNotSatisfiable, .serviceUnavailable],
                handler: .task(logs)
            ),
        ]
    }

    /// A list of what has happened, or to those who ask for it a stream of that and of what will happen.
    @Sendable private func events(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        let lastEvent = try Self.lastEvent(of: request)
        guard request.acceptsEvents else {
            let page = try await backend.jobs.events(
                of: id, after: request[Self.afterEvent], limit: request[Paging.limit])
            return try .encoding(page.document { try EventView($0) }, fields: [.vary: "Accept"])
        }
        let position = lastEvent ?? request[Self.afterEvent]
        guard let record = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        if record.state.isOver, try await backend.jobs.events(of: id, after: position, limit: 1).data.isEmpty {
            // What tells a client not to come again (WHATWG HTML section 9.2.3).
            return Response(status: .noContent, fields: [.vary: "Accept"])
        }
        var response = Response.events { [backend] in
            try await backend.feeds.send(eventsOf: id, to: $0, after: position)
        }
        response.fields[.vary] = "Accept"
        return response
    }

    /// The last event that a client has got of a stream, which says so with its number.
    private static func lastEvent(of request: Request) throws(Problem) -> Int? {
        guard request.fields.contains(.lastEventID) else { return nil }
        guard let number = request.lastEventID, number >= 0 else {
            throw .header(lastEvent.member.name, "must be the number of an event, as it was sent")
        }
        return number
    }

    private struct SeriesView: Encodable {
        let name: String
        let steps: [Int]
        /// null where the measurement was not a finite number.
        let values: [Double?]

        static let schema = Schema.object([
            .init("name", .string()), .init("steps", .array(of: .integer(0...Int.max))),
            .init("values", .array(of: .number().orNull, "null where the measurement was not a finite number")),
        ]).named("MetricSeries")
    }

    @Sendable private func metrics(_ request: Request) async throws -> Response {
        let series = try await backend.jobs.metrics(
            of: request.parameters.require("id"),
            names: request[Self.names],
            fromStep: request[Self.fromStep],
            maxPoints: request[Self.maxPoints]
        )
        let views = series.map { series in
            SeriesView(name: series.name, steps: series.points.map(\.step), values: series.points.map(\.value))
        }
        return .encoding(ListDocument(data: views, hasMore: false))
    }

    @Sendable private func logs(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard try await backend.jobs.get(id) != nil else { throw JobStoreError.notFound(id: id) }
        let type = "text/plain; charset=utf-8"
        do {
            let file = try OpenFile(path: backend.directory.path(DataLayout.log(job: id)))
            return try .file(file, type: type, to: request, Validators(of: file))
        } catch let error as SystemError where error.code == ENOENT {
            // A job whose workers said nothing has no file.
            return Response(fields: [.contentType: type])
        }
    }
}

extension Request {
    /// Whether the client names streams of events among what it takes.
    fileprivate var acceptsEvents: Bool {
        fields[.accept]?.lowercased().split(separator: ",").contains {
            let parts = $0.filter { $0 != " " && $0 != "\t" }.split(separator: ";")
            return parts.first == "text/event-stream" && !parts.dropFirst().contains { Double($0.dropFirst(2)) == 0 }
        } ?? false
    }
}
