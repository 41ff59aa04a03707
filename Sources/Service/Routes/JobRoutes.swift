import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/jobs`: submitting, looking up, cancelling and deleting.
struct JobRoutes: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(.post, "/v1/jobs", body: .buffered(limit: 1 << 20), handler: submit)
        router.on(.get, "/v1/jobs", handler: list)
        router.on(.get, "/v1/jobs/{id}", handler: get)
        router.on(.delete, "/v1/jobs/{id}", handler: delete)
        router.on(.post, "/v1/jobs/{id}/cancel", handler: cancel)
    }

    @Sendable private func submit(_ request: Request) async throws -> Response {
        let body = request.body.bytes
        var job = try JobRequest(body)
        if let dataset = try await backend.datasets.get(job.dataset) { job.adopt(try DatasetSchema(dataset)) }
        let hyperparameters = job.document.hyperparameters
        let submission = JobSubmission(
            dataset: job.dataset,
            model: job.model,
            document: try JSONEncoder().encode(job.document),
            priority: job.priority,
            maxAttempts: job.maxAttempts,
            idempotency: try Self.idempotency(request, body)
        )
        let (record, isNew) = try await backend.jobs.submit(submission) { dataset in
            let missing = dataset.missingSplits
            guard missing.isEmpty else {
                let names = missing.joined(separator: " and no ")
                throw Problem.invalid(
                    "/dataset",
                    "data set \(dataset.id) has no \(names) split",
                    code: "incomplete_dataset"
                )
            }
            try Self.check(hyperparameters, against: DatasetSchema(dataset))
        }
        var fields: HTTPFields = [.location: "/v1/jobs/\(record.id)"]
        if !isNew { fields[.idempotentReplayed] = "true" }
        return try .encoding(JobView(record), status: .created, fields: fields)
    }

    /// What a training would find wrong before its first step.
    private static func check(_ hyperparameters: Hyperparameters, against schema: DatasetSchema) throws(Problem) {
        if let fault = hyperparameters.precision.fault {
            throw .invalid("/hyperparameters/precision", fault, code: "invalid_request")
        }
        if schema.hasReplacedValues, !hyperparameters.replaceNonfinite {
            let detail = "must be true: the data set has values that are not finite and are read as 0"
            throw .invalid("/hyperparameters/replace_nonfinite", detail, code: "invalid_request")
        }
        guard let labels = schema.labels, let modalities = schema.modalities else { return }
        let configuration = ModelConfiguration(
            labels: labels, modalities: modalities, hyperparameters: hyperparameters)
        if let fault = configuration.fault {
            throw .invalid("/hyperparameters/\(fault.field)", fault.reason, code: "invalid_request")
        }
    }

    private static func idempotency(
        _ request: Request,
        _ body: [UInt8]
    ) throws(Problem) -> JobSubmission.Idempotency? {
        guard let key = request.fields[.idempotencyKey] else { return nil }
        guard (1...255).contains(key.utf8.count) else {
            throw Problem(.badRequest, code: "invalid_key", detail: "an Idempotency-Key has 1 to 255 bytes")
        }
        return JobSubmission.Idempotency(key: key, digest: SHA256.digest(of: body))
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let page = try await backend.jobs.list(
            state: listing.choice("status", JobState.self),
            after: listing.after,
            limit: listing.limit()
        )
        return try .encoding(page.document { try JobView($0) })
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        // The revision grows with every change, so it is all that a validator needs.
        let tag = "\"\(record.revision)\""
        if request.fields[.ifNoneMatch] == tag { return Response(status: .notModified, fields: [.eTag: tag]) }
        return try .encoding(JobView(record), fields: [.eTag: tag])
    }

    @Sendable private func cancel(_ request: Request) async throws -> Response {
        let record = try await backend.jobs.requestCancel(request.parameters.require("id"))
        return try .encoding(JobView(record), status: .accepted)
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        await backend.files.discard(try await backend.jobs.delete(request.parameters.require("id")))
        return Response(status: .noContent)
    }
}

extension HTTPField.Name {
    static let idempotencyKey = Self("Idempotency-Key")!
    static let idempotentReplayed = Self("Idempotent-Replayed")!
}
