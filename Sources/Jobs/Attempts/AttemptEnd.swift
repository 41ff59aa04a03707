import Foundation
import GRDB
import JSON

/// The last transaction of an attempt: what becomes of it and of its job.
struct AttemptEnd {
    let job: JobRecord
    private let ordinal: Int64
    private let now: Int64
    private let connection: Connection

    /// - Parameter ordinal: the row of the job, whose latest attempt is the one that ends.
    init(job: JobRecord, ordinal: Int64, at now: Int64, connection: Connection) {
        self.job = job
        self.ordinal = ordinal
        self.now = now
        self.connection = connection
    }

    func succeed(_ result: Data) throws {
        try connection.cachedStatement(sql: "UPDATE jobs SET result = ? WHERE ordinal = ?").execute(arguments: [
            result.text, ordinal,
        ])
        try close(.succeeded)
        try enter(.succeeded)
    }

    func cancel() throws {
        try close(.cancelled)
        try enter(.cancelled)
    }

    func fail(_ error: String, isFinal: Bool, delay: Int64?) throws {
        try close(.failed, error)
        try connection.cachedStatement(sql: "UPDATE jobs SET failures = failures + 1 WHERE ordinal = ?").execute(
            arguments: [ordinal])
        guard isFinal || job.failures + 1 >= job.maxAttempts else {
            return try goOn(["error": .string(error)], delay: delay)
        }
        try connection.cachedStatement(sql: "UPDATE jobs SET error = ? WHERE ordinal = ?").execute(arguments: [
            error, ordinal,
        ])
        try enter(.failed, ["error": .string(error)])
    }

    func interrupt(_ reason: String, delay: Int64? = nil) throws {
        try close(.interrupted, reason)
        try goOn(["reason": .string(reason)], delay: delay)
    }

    /// The job is not over: it waits for another attempt, or is set aside.
    private func goOn(_ note: [String: JSONValue], delay: Int64?) throws {
        if job.state == .pausing { try enter(.paused, note) } else { try enter(.queued, note, delay: delay) }
    }

    private func enter(_ state: JobState, _ note: [String: JSONValue] = [:], delay: Int64? = nil) throws {
        try JobStore.enter(state, job: ordinal, note: note, delay: delay, at: now, on: connection)
    }

    private func close(_ outcome: AttemptRecord.Outcome, _ error: String? = nil) throws {
        try connection.cachedStatement(
            sql: "UPDATE attempts SET outcome = ?, error = ?, finished_at = ? WHERE job = ? AND number = ?"
        ).execute(arguments: [outcome.rawValue, error, now, ordinal, job.attempt]
        )
    }
}
