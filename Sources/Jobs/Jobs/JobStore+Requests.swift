import GRDB
import Platform

/// What clients ask of a job that is there.
extension JobStore {
    /// Ends a job that waits at once, and asks for the end of one that runs. Asking again is harmless.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/over(id:state:)`` unless it was cancelled.
    package func requestCancel(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> JobRecord {
        try await change(id, validate) { [database] job, ordinal, now, connection in
            if job.state == .succeeded || job.state == .failed { throw JobStoreError.over(id: id, state: job.state) }
            try Self.cancel(id, in: job.state, row: ordinal, at: now, database, connection)
        }
    }

    /// Ends a job that waits at once, and asks for the end of one that runs; one that is over stays as it is.
    static func cancel(
        _ id: String,
        in state: JobState,
        row: Int64,
        at now: Int64,
        _ database: Database,
        _ connection: Connection
    ) throws {
        switch state {
        case .queued, .paused:
            try enter(.cancelled, job: row, at: now, on: connection)
        case .running, .pausing:
            try enter(.cancelling, job: row, at: now, on: connection)
            database.announce(.stop(id))
        case .cancelling, .cancelled, .succeeded, .failed:
            break
        }
    }

    /// Sets a job that waits aside at once, and asks a running one to write a checkpoint and end. Asking again is harmless.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/over(id:state:)``, ``JobStoreError/ending(id:)``.
    package func requestPause(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> JobRecord {
        try await change(id, validate) { [database] job, ordinal, now, connection in
            switch job.state {
            case .queued:
                try Self.enter(.paused, job: ordinal, at: now, on: connection)
            case .running:
                try Self.enter(.pausing, job: ordinal, at: now, on: connection)
                database.announce(.stop(id))
            case .pausing, .paused:
                break
            case .cancelling, .succeeded, .failed, .cancelled:
                throw JobStoreError.endingOrOver(job)
            }
        }
    }

    /// Has a job that was set aside wait for a slot again. One whose worker is still about to end waits as soon as it has.
    /// Asking again is harmless.
    ///
    /// - Parameter validate: runs inside the transaction with the job; whatever it throws changes nothing.
    /// - Throws: ``JobStoreError/notFound(id:)``, ``JobStoreError/over(id:state:)``, ``JobStoreError/ending(id:)``.
    package func requestResume(
        _ id: String,
        validate: @escaping @Sendable (JobRecord) throws -> Void = { _ in }
    ) async throws -> JobRecord {
        try await change(id, validate) { [database] job, ordinal, now, connection in
            switch job.state {
            case .paused:
                try Self.enter(.queued, job: ordinal, at: now, on: connection)
                database.announce(.queue)
            case .pausing:
                try Self.enter(.running, job: ordinal, at: now, on: connection)
            case .queued, .running:
                break
            case .cancelling, .succeeded, .failed, .cancelled:
                throw JobStoreError.endingOrOver(job)
            }
        }
    }

    private func change(
        _ id: String,
        _ validate: @escaping @Sendable (JobRecord) throws -> Void,
        _ body: @escaping @Sendable (JobRecord, _ ordinal: Int64, _ now: Int64, Connection) throws -> Void
    ) async throws -> JobRecord {
        let now = database.options.clock.now()
        return try await database.write { [database] connection in
            guard let job = try Self.fetch(id, on: connection), let ordinal = try Self.ordinal(of: id, on: connection)
            else { throw JobStoreError.notFound(id: id) }
            try validate(job)
            try body(job, ordinal, now, connection)
            database.announce(.job(id))
            return try Self.fetch(id, on: connection) ?? job
        }
    }
}
