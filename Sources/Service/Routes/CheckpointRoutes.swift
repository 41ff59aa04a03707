import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `/v1/jobs/{id}/checkpoints`: the trainings of a job that can go on, and models of them.
struct CheckpointRoutes: Sendable {
    let backend: Backend

    private static let id = Field.string("id", "The id of a job")
    private static let step = Field.integer("step", 0...Int.max, default: 0, "The step of a checkpoint")
    private static let after = Field.optionalInteger(
        "after", 0...Int.max, "The step of the last checkpoint of the page before")
    private static let weights = Field<TrainingSummary.Checkpoint.Weights>.word(
        "weights", default: .step, "The weights at the step of the checkpoint, or those of the best epoch until then")

    /// Reads checkpoints and writes models, one at a time: each may be as large as memory allows.
    private let queue = WorkQueue("limbic.promote", qos: .utility)

    init(backend: Backend) { self.backend = backend }

    var operations: [Operation] {
        [
            Operation(
                id: "listCheckpoints", method: .get, pattern: "/v1/jobs/{id}/checkpoints", tag: "jobs", scope: .train,
                summary: "List the checkpoints of a job that stay, the newest first",
                path: [Self.id.member],
                query: [Self.after.member, Paging.limit.member],
                answers: [
                    .init(summary: "A page of checkpoints", content: .json(Paging.schema(of: CheckpointView.schema)))
                ],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "promoteCheckpoint", method: .post, pattern: "/v1/jobs/{id}/checkpoints/{step}/promote",
                tag: "jobs",
                scope: .train,
                summary: "Make a version of the job's model of a checkpoint; asking again gives the same version",
                path: [Self.id.member, Schema.Member("step", Self.step.member.schema)],
                query: [Self.weights.member],
                answers: [
                    .init(
                        status: .created, summary: "The new version", content: .json(VersionView.schema),
                        fields: [.location: "Where the version is"]),
                    .init(
                        summary: "The version that was made of it before", content: .json(VersionView.schema),
                        fields: [.location: "Where the version is"]),
                ],
                failures: [.conflict, .insufficientStorage, .serviceUnavailable],
                handler: .task(promote)
            ),
        ]
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        let before = request[Self.after] ?? Int.max
        let rest = record.checkpoints.filter { $0.step < before }
        let limit = request[Paging.limit]
        let page = Page(data: Array(rest.prefix(limit)), hasMore: rest.count > limit)
        return try .encoding(page.document { try CheckpointView($0) })
    }

    @Sendable private func promote(_ request: Request) async throws -> Response {
        let (id, step) = (request.parameters.require("id"), request.parameters.require("step"))
        let (job, checkpoint) = try await find(id, step: step)
        let weights = request[Self.weights]
        let files = backend.files
        let source = DataLayout.incoming(UUID().uuidString)
        let target = "\(DataLayout.model(job.model))/\(id)-\(checkpoint.step)-\(UUID().uuidString)"
        let (version, isNew) = try await files.making([source, target]) {
            let model: WrittenModel
            do {
                model = try await queue.run { [directory = backend.directory] in
                    try WrittenModel(
                        Model(
                            checkpoint: directory.path(checkpoint.path), digest: checkpoint.digest, weights: weights),
                        in: directory.path(source))
                }
            } catch let error as TrainingStateError {
                // It may have made room for another.
                _ = try await find(id, step: step)
                throw error
            }
            try await files.move(source, to: target)
            return try await backend.jobs.promote(
                ModelDraft(name: job.model, digest: model.digest, directory: target, document: model.document),
                checkpoint: checkpoint.step, of: id)
        }
        await files.discard(isNew ? [source] : [source, target])
        return try .encoding(
            VersionView(version), status: isNew ? .created : .ok,
            fields: [.location: "/v1/models/\(version.name)/versions/\(version.version)"])
    }

    private func find(_ id: String, step: String) async throws -> (JobRecord, CheckpointRecord) {
        guard let job = try await backend.jobs.get(id) else { throw JobStoreError.notFound(id: id) }
        // Written in one way only, so that a checkpoint has one address.
        guard let number = Int(step), String(number) == step,
            let checkpoint = job.checkpoints.first(where: { $0.step == number })
        else { throw Problem.notFound("checkpoint \(step.quoted) of job \(id)") }
        return (job, checkpoint)
    }
}
