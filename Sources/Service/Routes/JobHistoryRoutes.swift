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
    private static let names = Field<[String]?>.names(
        "names", count: 0...64,
        .string(pattern: .init("^[A-Za-z0-9_.-]{1,64}$", rule: "have 1 to 64 letters, digits, '_', '.' and '-'")),
        "Only these metrics; separated by commas")
    private static let fromStep = Field.integer("from_step", 0...Int.max, default: 0, "The first step")
    private static let maxPoints = Field.integer(
        "max_points", 2...100_000, default: 1000, "The most points of a series; more are thinned")

    var operations: [Operation] {
        [
            Operation(
                id: "listJobEvents", method: .get, pattern: "/v1/jobs/{id}/events", tag: "jobs", scope: .train,
                summary: "List what has happened to a job, in order",
                path: [Self.id.member],
                query: [Self.afterEvent.member, Paging.limit.member],
                answers: [.init(summary: "A page of events", content: .json(Paging.schema(of: EventView.schema)))],
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
                answers: [.init(summary: "The log", content: .other(type: "text/plain"))],
                failures: [.serviceUnavailable],
                handler: .task(logs)
            ),
        ]
    }

    private struct EventView: Encodable {
        let sequence: Int
        let kind: String
        let attempt: Int
        let createdAt: Timestamp
        let data: JSONValue

        static let schema = Schema.object([
            .init("sequence", .integer(1...Int.max, "Without gaps within a job")),
            .init("kind", .string()), .init("attempt", .integer(0...Int.max)), .init("created_at", .time),
            .init("data", .object([], others: .any)),
        ]).named("Event")
    }

    @Sendable private func events(_ request: Request) async throws -> Response {
        let page = try await backend.jobs.events(
            of: request.parameters.require("id"),
            after: request[Self.afterEvent],
            limit: request[Paging.limit]
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

        static let schema = Schema.object([
            .init("name", .string()), .init("steps", .array(of: .integer(0...Int.max))),
            .init("values", .array(of: .number().orNull, "null where the measurement was not a finite number")),
        ]).named("MetricSeries")
    }

    @Sendable private func metrics(_ request: Request) async throws -> Response {
        let series = try await backend.jobs.metrics(
            of: request.parameters.require("id"),
            names: request[Self.names].flatMap { $0.isEmpty ? nil : $0 },
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
        let fields: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
        do {
            return Response(
                fields: fields, body: .file(try OpenFile(path: backend.directory.path(DataLayout.log(job: id)))))
        } catch let error as SystemError where error.code == ENOENT {
            // A job whose workers said nothing has no file.
            return Response(fields: fields)
        }
    }
}
