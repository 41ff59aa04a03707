import Foundation
import GRDB
import JSON

@testable import Jobs

/// What holds at every moment, whatever has happened.
struct Invariants {
    private let world: SimulatedWorld
    private let connection: Connection

    init(_ world: SimulatedWorld, _ connection: Connection) {
        self.world = world
        self.connection = connection
    }

    func violations() throws -> [String] {
        let rows = try Row.fetchAll(
            connection.cachedStatement(sql: "SELECT id, revision FROM jobs ORDER BY ordinal"))
        let ids = rows.map { $0["id"] as String }
        var found: [String] = []
        for (id, row) in zip(ids, rows) where world.clients.isNew(id, revision: row["revision"]) {
            guard let job = try JobStore.fetch(id, on: connection),
                let ordinal = try JobStore.ordinal(of: id, on: connection)
            else { continue }
            found += try check(job, ordinal).map { "\(id) (\(job.state), attempt \(job.attempt)): \($0)" }
        }
        for id in world.clients.submitted.keys where !world.clients.deleted.contains(id) && !ids.contains(id) {
            // A deletion that committed and whose answer was lost.
            if world.clients.over[id] == nil { found.append("\(id) was acknowledged and is gone") }
        }
        found += try checkFiles()
        return found
    }

    private func check(_ job: JobRecord, _ ordinal: Int64) throws -> [String] {
        var found: [String] = []
        let training = try JSONDecoder().decode(SimulatedTraining.self, from: job.document)
        let course = training.course
        let rows = try Row.fetchAll(
            connection.cachedStatement(sql: "SELECT * FROM events WHERE job = ? ORDER BY sequence"),
            arguments: [ordinal])
        let events = rows.map { EventRecord($0) }
        if events.map(\.sequence) != Array(1...max(1, job.lastEvent)) { found.append("events have gaps") }
        let told = events.filter { $0.kind == "training" }.compactMap { $0.fields["text"] }
        if told != Array(course.events.prefix(told.count)) { found.append("tells \(told), not \(course.events)") }
        let states = events.filter { $0.kind == EventRecord.stateKind }.compactMap { $0.fields["state"] }
        if states.last != job.state.rawValue { found.append("its last event says \(states.last ?? "nothing")") }
        if states.dropLast().contains(where: { JobState(rawValue: $0)?.isOver ?? true }) {
            found.append("went on after its end: \(states)")
        }
        let metrics = try Row.fetchAll(
            connection.cachedStatement(sql: "SELECT * FROM metrics WHERE job = ?"), arguments: [ordinal])
        for row in metrics where row["value"] != course.metrics[row["step"]] {
            found.append("step \(row["step"] as Int) measured \(row["value"] as Double? ?? .nan)")
        }
        if job.attempts.map(\.number) != Array(1...max(1, job.attempt)).filter({ _ in job.attempt > 0 }) {
            found.append("attempts are \(job.attempts.map(\.number))")
        }
        let isRunning = [.running, .pausing, .cancelling].contains(job.state)
        if job.attempts.filter({ $0.outcome == .running }).map(\.number) != (isRunning ? [job.attempt] : []) {
            found.append("attempts are \(job.attempts.map(\.outcome))")
        }
        if job.attempts.filter({ $0.outcome == .failed }).count != job.failures {
            found.append("failures are miscounted")
        }
        for attempt in job.attempts { world.clients.saw(AttemptToken(job: job.id, attempt: attempt.number)) }
        if job.state.isOver {
            if let before = world.clients.over[job.id], before != job.state { found.append("was \(before)") }
            world.clients.over[job.id] = job.state
        }
        if (job.state == .succeeded) != (job.versions.count == 1) { found.append("has \(job.versions.count) versions") }
        if job.state == .succeeded {
            if told != course.events { found.append("has told \(told) only") }
            let place = try job.result.map { try JSONDecoder().decode(SimulatedTraining.Place.self, from: $0) }
            if place?.hash != course.end.hash { found.append("came to \(String(describing: place))") }
            if metrics.count != training.steps { found.append("has \(metrics.count) of \(training.steps) metrics") }
        }
        return found
    }

    /// Every file is on record, and every record has its file.
    private func checkFiles() throws -> [String] {
        let pending = try String.fetchAll(connection.cachedStatement(sql: "SELECT path FROM pending_files"))
        let checkpoints = try String.fetchAll(connection.cachedStatement(sql: "SELECT path FROM checkpoints"))
        let models = try String.fetchAll(connection.cachedStatement(sql: "SELECT directory FROM model_versions"))
        let known = checkpoints + models
        var found = known.filter { world.disk.checkpoints[$0] == nil && world.disk.models[$0] == nil }
            .map { "the file \($0) is lost" }
        for path in world.disk.paths
        where !known.contains(path) && !pending.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) {
            found.append("nobody knows of the file \(path)")
        }
        return found
    }
}
