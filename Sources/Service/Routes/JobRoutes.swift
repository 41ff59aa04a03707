import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/jobs`: submitting, looking up, cancelling, setting aside and deleting.
struct JobRoutes: Sendable {
    let backend: Backend

    private static let status = Field<JobState?>.optionalWord("status", "Only jobs of this status")
    private static let sweep = Field.optionalString("sweep", "Only jobs of this sweep, by its id")
    private static let id = Field.string("id", "The id of a job")
    private static let wait = Field.integer(
        "wait", 0...60, default: 0,
        "Seconds to wait until the job is over, or no longer as If-None-Match says")
    private static let key = Request.idempotencyKey(
        "The same key with the same body is the same job, however often it is sent, for a day")

    var operations: [Operation] {
        [
            Operation(
                id: "submitJob", method: .post, pattern: "/v1/jobs", tag: "jobs", scope: .train,
                summary: "Have a model trained",
                header: [Self.key.member],
                body: .json(JobRequest.schema, limit: 1 << 20),
                answers: [
                    .init(
                        status: .created, summary: "The job waits for its turn", content: .json(JobView.schema),
                        fields: [.location: "Where the job is", .idempotentReplayed: "true if it was there already"])
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(submit)
            ),
            Operation(
                id: "listJobs", method: .get, pattern: "/v1/jobs", tag: "jobs", scope: .train,
                summary: "List jobs, the newest first",
                query: [Self.status.member, Self.sweep.member, Paging.after.member, Paging.limit.member],
                answers: [.init(summary: "A page of jobs", content: .json(Paging.schema(of: JobView.schema)))],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "getJob", method: .get, pattern: "/v1/jobs/{id}", tag: "jobs", scope: .train,
                summary: "Show a job",
                path: [Self.id.member],
                query: [Self.wait.member],
                answers: [
                    .init(summary: "The job", content: .json(JobView.schema), fields: [.eTag: "Changes with the job"]),
                    .unchanged,
                ],
                failures: [.serviceUnavailable],
                handler: .task(get)
            ),
            Operation(
                id: "deleteJob", method: .delete, pattern: "/v1/jobs/{id}", tag: "jobs", scope: .train,
                summary: "Forget a job that is over; the model that came of it stays",
                path: [Self.id.member],
                answers: [.init(status: .noContent, summary: "It is gone")],
                failures: [.conflict, .preconditionFailed, .insufficientStorage, .serviceUnavailable],
                handler: .task(delete)
            ),
            request(
                "cancel", "End a job; asking again is harmless", "It is over or about to end", JobStore.requestCancel),
            request(
                "pause", "Set a job aside, with a checkpoint if it runs; asking again is harmless",
                "It is set aside or about to be", JobStore.requestPause),
            request(
                "resume", "Have a job that was set aside go on where it was; asking again is harmless",
                "It waits for its turn or runs", JobStore.requestResume),
        ]
    }

    /// `POST /v1/jobs/{id}/…`
    private func request(
        _ verb: String, _ summary: String, _ answer: String,
        _ change:
            @escaping @Sendable (JobStore) -> (String, @escaping @Sendable (JobRecord) throws -> Void) async throws
            -> JobRecord
    ) -> Operation {
        Operation(
            id: "\(verb)Job", method: .post, pattern: "/v1/jobs/{id}/\(verb)", tag: "jobs", scope: .train,
            summary: summary,
            path: [Self.id.member],
            answers: [.init(status: .accepted, summary: answer, content: .json(JobView.schema))],
            failures: [.conflict, .preconditionFailed, .insufficientStorage, .serviceUnavailable],
            handler: .task { [backend] request in
                let record = try await change(backend.jobs)(request.parameters.require("id")) {
                    _ = try request.notModified($0.entityTag)
                }
                return try .encoding(JobView(record), status: .accepted)
            }
        )
    }

    @Sendable private func submit(_ request: Request) async throws -> Response {
        var job = try JobRequest(request.document())
        let known = try await backend.datasets.get(job.dataset)
        let schema = try known.map { try DatasetSchema($0) }
        if let schema { job.adopt(schema) }
        let hyperparameters = job.document.hyperparameters
        let submission = try job.submission(job.document, request.idempotency)
        let (record, isNew) = try await backend.jobs.submit(submission) { dataset in
            try dataset.requireSplits()
            // It was read a moment ago, and has seldom changed since.
            let current = dataset == known ? schema : try DatasetSchema(dataset)
            if let (field, reason) = current?.fault(of: hyperparameters) {
                throw Problem.invalid("/hyperparameters/\(field)", reason)
            }
        }
        var fields: HTTPFields = [.location: "/v1/jobs/\(record.id)"]
        if !isNew { fields[.idempotentReplayed] = "true" }
        return try .encoding(JobView(record), status: .created, fields: fields)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let page = try await backend.jobs.list(
            state: request[Self.status],
            sweep: request[Self.sweep],
            after: request[Paging.after],
            limit: request[Paging.limit]
        )
        return try .encoding(page.document { try JobView($0, isListed: true) })
    }

    /// With `wait`, answers when the job is no longer as `If-None-Match` says or, where that says nothing, when it is over;
    /// at the latest after so many seconds, or when the service is to stop, with what there is.
    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard var record = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        let time = Duration.seconds(request[Self.wait])
        if time > .zero {
            record =
                try await backend.jobs.get(id) { record in
                    record.state.isOver || (request.fields.contains(.ifNoneMatch) && !request.isCurrent(record))
                } patience: { [backend] in
                    await backend.shutdown.sleep(for: time)
                } ?? record
        }
        let tag = record.entityTag
        if let unchanged = try request.notModified(tag) { return unchanged }
        return try .encoding(JobView(record), fields: [.eTag: tag])
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        let files = try await backend.jobs.delete(id) { _ = try request.notModified($0.entityTag) }
        await backend.files.discard(files)
        for version in record.versions { try await backend.registry.reload(version.name, version: version.version) }
        return Response(status: .noContent)
    }
}

extension Request {
    /// Whether the client has the job as it is.
    fileprivate func isCurrent(_ record: JobRecord) -> Bool {
        (try? notModified(record.entityTag)).flatMap(\.self) != nil
    }
}

extension JobRecord {
    /// The revision grows with every change, so it is all that a validator needs.
    fileprivate var entityTag: String { "\"\(revision)\"" }
}
