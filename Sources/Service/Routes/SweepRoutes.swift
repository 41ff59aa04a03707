import Emotion
import HTTP
import HTTPTypes
import Jobs
import Studies

/// `/v1/sweeps`: many jobs that are made together and compared.
struct SweepRoutes: Sendable {
    let backend: Backend

    private static let id = Field.string("id", "The id of a sweep")
    private static let key = Request.idempotencyKey(
        "The same key with the same body is the same sweep, however often it is sent, for a day")

    var operations: [Operation] {
        [
            Operation(
                id: "submitSweep", method: .post, pattern: "/v1/sweeps", tag: "sweeps", scope: .train,
                summary: "Have models trained that differ in hyperparameters and seeds, to compare them",
                header: [Self.key.member],
                body: .json(SweepRequest.schema, limit: 1 << 20),
                answers: [
                    .init(
                        status: .created, summary: "Its jobs wait for their turn", content: .json(SweepView.schema),
                        fields: [.location: "Where the sweep is", .idempotentReplayed: "true if it was there already"])
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(submit)
            ),
            Operation(
                id: "listSweeps", method: .get, pattern: "/v1/sweeps", tag: "sweeps", scope: .train,
                summary: "List sweeps, the newest first, without their cells",
                query: [Paging.after.member, Paging.limit.member],
                answers: [.init(summary: "A page of sweeps", content: .json(Paging.schema(of: SweepView.schema)))],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "getSweep", method: .get, pattern: "/v1/sweeps/{id}", tag: "sweeps", scope: .train,
                summary: "Compare the cells of a sweep, by the jobs that have succeeded so far",
                path: [Self.id.member],
                answers: [.init(summary: "The sweep with its cells", content: .json(SweepView.schema))],
                failures: [.serviceUnavailable],
                handler: .task(get)
            ),
            Operation(
                id: "cancelSweep", method: .post, pattern: "/v1/sweeps/{id}/cancel", tag: "sweeps", scope: .train,
                summary: "End the jobs of a sweep that are not over; asking again is harmless",
                path: [Self.id.member],
                answers: [
                    .init(
                        status: .accepted, summary: "Its jobs are over or about to end",
                        content: .json(SweepView.schema))
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(cancel)
            ),
            Operation(
                id: "deleteSweep", method: .delete, pattern: "/v1/sweeps/{id}", tag: "sweeps", scope: .train,
                summary: "Forget a sweep whose jobs are over, with its jobs; models that came of them stay",
                path: [Self.id.member],
                answers: [.init(status: .noContent, summary: "It is gone")],
                failures: [.conflict, .insufficientStorage, .serviceUnavailable],
                handler: .task(delete)
            ),
        ]
    }

    @Sendable private func submit(_ request: Request) async throws -> Response {
        var sweep = try SweepRequest(request.document())
        guard let dataset = try await backend.datasets.get(sweep.job.dataset) else {
            throw JobStoreError.unknownDataset(id: sweep.job.dataset)
        }
        try dataset.requireSplits()
        let schema = try DatasetSchema(dataset)
        sweep.adopt(schema)
        let study = try sweep.study(modalities: schema.modalities?.map(\.name) ?? [])
        let (record, isNew) = try await backend.sweeps.submit(sweep.submission(study, request.idempotency)) {
            [sweep] dataset in
            try dataset.requireSplits()
            let schema = try DatasetSchema(dataset)
            var faults = SweepFaults(of: sweep)
            for (index, cell) in study.cells.enumerated() {
                if let (field, reason) = schema.fault(of: cell.hyperparameters) {
                    faults.add(field, reason, cell: index, named: cell.name)
                }
            }
            try faults.check()
        }
        var fields: HTTPFields = [.location: "/v1/sweeps/\(record.id)"]
        if !isNew { fields[.idempotentReplayed] = "true" }
        return try .encoding(await view(of: record), status: .created, fields: fields)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let page = try await backend.sweeps.list(after: request[Paging.after], limit: request[Paging.limit])
        return try .encoding(page.document { try SweepView($0) })
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.sweeps.get(id) else { throw SweepStoreError.notFound(id: id) }
        return try .encoding(await view(of: record))
    }

    @Sendable private func cancel(_ request: Request) async throws -> Response {
        let record = try await backend.sweeps.cancel(request.parameters.require("id"))
        return try .encoding(await view(of: record), status: .accepted)
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        // In a task of its own: a client that has gone leaves no half of it.
        try await Task { [backend] in
            try await backend.sweeps.delete(id) { files, versions in
                await backend.files.discard(files)
                for version in versions { try await backend.registry.reload(version.name, version: version.version) }
            }
        }.value
        return Response(status: .noContent)
    }

    /// With its cells.
    private func view(of record: SweepRecord) async throws -> SweepView {
        let jobs = try await backend.sweeps.jobs(
            of: record.id, seed: SweepComparison.seedPath, values: SweepComparison.valuePaths)
        return try SweepView(record, jobs: jobs)
    }
}
