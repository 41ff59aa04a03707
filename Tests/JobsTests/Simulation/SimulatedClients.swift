import Foundation
import GRDB

@testable import Jobs

/// Clients of the store, and what they were promised.
///
/// `@unchecked Sendable`: touched by the one thread of the simulation.
final class SimulatedClients: @unchecked Sendable {
    private(set) var submitted: [String: SimulatedTraining] = [:]
    private(set) var deleted: Set<String> = []
    /// Jobs in the state they ended in, as seen once.
    var over: [String: JobState] = [:]
    private var byKey: [String: (id: String, training: SimulatedTraining)] = [:]
    private var revisions: [String: Int64] = [:]
    private var attempts: Set<AttemptToken> = []
    private let dataset = "ds_template"

    /// Asks for something, at random.
    func act(_ world: SimulatedWorld) {
        guard let server = world.server else { return }
        let ids = submitted.keys.filter { !deleted.contains($0) }.sorted()
        let choice = world.choices.below(ids.isEmpty ? 1 : 12)
        guard choice > 3 else { return submit(world, server) }
        let id = ids[world.choices.below(ids.count)]
        let jobs = server.jobs
        switch choice {
        case 4:
            world.log("\(id) is to be cancelled")
            ask(world, server) { [self] in
                let job = try await jobs.requestCancel(id)
                if job.state.isOver { over[id] = job.state }
            }
        case 5, 6:
            world.log("\(id) is to be set aside")
            ask(world, server) { _ = try await jobs.requestPause(id) }
        case 7, 8, 9, 10:
            world.log("\(id) is to go on")
            ask(world, server) { _ = try await jobs.requestResume(id) }
        default:
            world.log("\(id) is to be deleted")
            ask(world, server) { [self] in
                _ = try await jobs.delete(id)
                deleted.insert(id)
            }
        }
    }

    private func submit(_ world: SimulatedWorld, _ server: SimulatedServer) {
        guard submitted.count < 8 else { return }
        let training = SimulatedTraining(
            seed: world.choices.below(1000), steps: 1 + world.choices.below(12),
            checkpointEvery: 1 + world.choices.below(4),
            divergesAt: world.choices.once(in: 8) ? 1 : nil)
        let key = "key \(world.choices.below(6))"
        guard let document = try? JSONEncoder().encode(training) else { return }
        world.log("a job is submitted under \(key)")
        let submission = JobSubmission(
            dataset: dataset, model: "emo", document: document, priority: world.choices.below(3),
            maxAttempts: 100, timeLimit: world.choices.once(in: 10) ? 3_600_000 : nil,
            keptCheckpoints: 1 + world.choices.below(3),
            idempotency: .init(key: key, digest: String(decoding: document, as: UTF8.self)))
        let jobs = server.jobs
        ask(world, server) { [self] in
            let (job, isNew) = try await jobs.submit(submission)
            if let known = byKey[key], !deleted.contains(known.id), known.id != job.id {
                world.note("\(key) has made two jobs")
            }
            if isNew { submitted[job.id] = training }
            if byKey[key] == nil || isNew { byKey[key] = (job.id, training) }
        }
    }

    /// Speaks for attempts that are over, or never were.
    func lie(_ world: SimulatedWorld) {
        guard let server = world.server, server.isAlive else { return }
        let tokens = attempts.sorted { ($0.job, $0.attempt) < ($1.job, $1.attempt) }
        guard !tokens.isEmpty else { return }
        let token = tokens[world.choices.below(tokens.count)]
        guard server.workers[token.job] != token.attempt else { return }
        let current = try? server.database.readNow { connection in
            try Row.fetchOne(
                connection.cachedStatement(sql: "SELECT attempt, state FROM jobs WHERE id = ?"), arguments: [token.job])
        }
        if let row = current.flatMap(\.self), row["attempt"] == token.attempt,
            ["running", "pausing", "cancelling"].contains(row["state"] as String)
        {
            return
        }
        world.log("a late word of \(token.job), attempt \(token.attempt)")
        let (jobs, kind) = (server.jobs, world.choices.below(3))
        ask(world, server) {
            let isTaken: Bool
            switch kind {
            case 0:
                let report = AttemptReport(
                    events: [.init(number: 99, kind: "training", document: Data(#"{"text":"late"}"#.utf8))],
                    metrics: [.init(name: "loss", step: 1, value: -1)])
                isTaken = try await jobs.record(report, of: token)
            case 1:
                isTaken = try await jobs.finish(token, .succeeded(result: Data("{}".utf8), models: [])) != nil
            default:
                let checkpoint = WorkerMessage.Checkpoint(
                    name: "late", step: 1, epoch: 0, digest: "", byteCount: 1, document: Data("{}".utf8))
                isTaken = try await jobs.keep(checkpoint, at: "checkpoints/late", of: token) != nil
            }
            if isTaken { world.note("a late word of \(token) was taken") }
        }
    }

    /// Whether a job has changed since it was looked at.
    func isNew(_ id: String, revision: Int64) -> Bool {
        defer { revisions[id] = revision }
        return revisions[id] != revision
    }

    func saw(_ token: AttemptToken) { attempts.insert(token) }

    /// Has all that were set aside go on.
    func resumeAll(_ world: SimulatedWorld) {
        guard let server = world.server else { return }
        for id in submitted.keys.sorted() {
            ask(world, server) { _ = try await server.jobs.requestResume(id) }
        }
    }

    private func ask(
        _ world: SimulatedWorld, _ server: SimulatedServer, _ request: @escaping @Sendable () async throws -> Void
    ) {
        Task(executorPreference: world.executor) {
            do { try await request() } catch is JobStoreError {
                // An answer too.
            } catch is StorageError {
                // The disk is full, or the server is gone.
            } catch {
                world.note("a client met \(error)")
            }
        }
    }

    /// Everything has come to its end.
    func checkEnd(_ world: SimulatedWorld) {
        guard world.violations.isEmpty, let server = world.server else { return }
        do {
            try server.database.readNow { connection in
                for (id, training) in submitted.sorted(by: { $0.key < $1.key }) where !deleted.contains(id) {
                    guard let job = try JobStore.fetch(id, on: connection) else {
                        world.note("\(id) is lost")
                        continue
                    }
                    guard training.divergesAt == nil else {
                        if job.state == .succeeded { world.note("\(id) cannot succeed") }
                        continue
                    }
                    // Few would fail so often, and then it would be right.
                    if job.state == .failed, job.failures < 100, job.ran < job.timeLimit ?? .max {
                        world.note("\(id) has failed: \(job.error ?? "")")
                    }
                    if job.state == .succeeded, job.failures >= 100 { world.note("\(id) has failed too often") }
                    if !job.state.isOver { world.note("\(id) is still \(job.state)") }
                }
            }
        } catch {
            world.note("the database cannot be read: \(error)")
        }
    }
}
