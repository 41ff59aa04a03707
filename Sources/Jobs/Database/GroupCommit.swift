import GRDB
import Platform

/// Writes that wait for their turn on the one connection that writes. All that have come while a transaction was being put on
/// the disk are in the next one together: the disk, which takes milliseconds for each, is waited for once.
///
/// Each write is a savepoint of its own: one that throws leaves nothing, and the others are not touched.
final class GroupCommit: Sendable {
    /// Runs once the transaction under way has committed.
    typealias Announcement = @Sendable () -> Void

    /// Writes in one transaction at most, so that the first of them need not wait long.
    private static let limit = 256

    private struct Write: Sendable {
        let body: @Sendable (Connection) throws -> Void
        let completion: @Sendable (Result<Void, any Error>) -> Void
    }

    private struct State {
        var waiting: [Write] = []
        var isRunning = false
    }

    private let pool: DatabasePool
    /// Called in each transaction before it commits; what it throws undoes all of it.
    private let beforeCommit: @Sendable () throws -> Void
    private let state = Mutex(State())
    /// Of the write under way; touched on the writing connection's queue only, and locked for the compiler's sake.
    private let announcements = Mutex<[Announcement]>([])

    init(_ pool: DatabasePool, beforeCommit: @escaping @Sendable () throws -> Void) {
        self.pool = pool
        self.beforeCommit = beforeCommit
    }

    /// Has `announcement` run once the write under way, from which this is called, has committed.
    func announce(_ announcement: @escaping Announcement) {
        announcements.withLock { $0.append(announcement) }
    }

    /// Runs `body` in a transaction, and returns when it is on the disk.
    func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let result = Mutex<T?>(nil)
            enqueue(
                Write(
                    body: { connection in
                        let value = try body(connection)
                        result.withLock { $0 = value }
                    },
                    completion: { outcome in
                        continuation.resume(with: outcome.map { result.withLock { $0.take()! } })
                    }))
        }
    }

    /// ``write(_:)`` on the thread of the caller.
    func writeNow<T>(_ body: (Connection) throws -> T) throws -> T {
        try pool.writeWithoutTransaction { connection in
            var value: T?
            do {
                try connection.inTransaction(.immediate) {
                    value = try body(connection)
                    try beforeCommit()
                    return .commit
                }
            } catch {
                _ = takeAnnouncements()
                throw error
            }
            run(takeAnnouncements())
            return value!
        }
    }

    private func enqueue(_ write: Write) {
        let isFirst = state.withLock { state in
            state.waiting.append(write)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { schedule() }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { [self] connection in
            let writes = state.withLock { state in
                let writes = state.waiting.prefix(Self.limit)
                state.waiting.removeFirst(writes.count)
                return Array(writes)
            }
            commit(writes, on: connection)
            let isDone = state.withLock { state in
                state.isRunning = !state.waiting.isEmpty
                return !state.isRunning
            }
            if !isDone { schedule() }
        }
    }

    private func commit(_ writes: [Write], on connection: Connection) {
        var results = [Result<Void, any Error>](repeating: .success(()), count: writes.count)
        var announced: [Announcement] = []
        do {
            try connection.inTransaction(.immediate) {
                for (index, write) in writes.enumerated() {
                    do {
                        try connection.inSavepoint {
                            try write.body(connection)
                            return .commit
                        }
                        announced += takeAnnouncements()
                    } catch {
                        _ = takeAnnouncements()
                        results[index] = .failure(error)
                        // A full disk, for one, undoes all of the transaction.
                        guard connection.isInsideTransaction else { throw error }
                    }
                }
                try beforeCommit()
                return .commit
            }
        } catch {
            announced = []
            for index in results.indices where (try? results[index].get()) != nil { results[index] = .failure(error) }
        }
        run(announced)
        for (write, result) in zip(writes, results) { write.completion(result) }
    }

    private func takeAnnouncements() -> [Announcement] {
        announcements.withLock { announcements in
            defer { announcements = [] }
            return announcements
        }
    }

    private func run(_ announcements: [Announcement]) {
        for announcement in announcements { announcement() }
    }
}
