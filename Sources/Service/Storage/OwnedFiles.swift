import Foundation
import Jobs
import Platform

/// Makes and removes files in the data directory, each on record as long as no other record names it: what the service removes
/// is what it wrote down as its own before, and nothing else.
struct OwnedFiles: Sendable {
    let directory: DataDirectory
    let pending: PendingFiles

    private let queue = WorkQueue("limbic.files", isConcurrent: true)

    init(directory: DataDirectory, pending: PendingFiles) {
        self.directory = directory
        self.pending = pending
    }

    /// Runs `body`, which makes files at `paths` and records those that are to stay. When it throws, whatever is there of
    /// them is removed.
    ///
    /// - Parameter paths: relative to the data directory.
    func making<Value: Sendable>(_ paths: [String], _ body: () async throws -> Value) async throws -> Value {
        try await pending.add(paths)
        do {
            return try await body()
        } catch {
            await discard(paths)
            throw error
        }
    }

    /// Runs work on files that no other request waits for.
    func run<Value: Sendable>(_ body: @escaping @Sendable (DataDirectory) throws -> Value) async throws -> Value {
        try await queue.run { [directory] in try body(directory) }
    }

    /// Gives a file that is ready the place in which a record will name it.
    func move(_ source: String, to target: String) async throws {
        try await run { directory in try directory.move(directory.url(source), to: directory.url(target)) }
    }

    /// Removes files that are pending. What cannot be removed stays on record and is tried again at the next start.
    func discard(_ paths: [String]) async {
        // In a task of its own: a request that was given up leaves nothing either.
        await Task { [directory, pending] in
            let gone = try? await queue.run { paths.filter(directory.remove) }
            guard let gone, !gone.isEmpty else { return }
            // When this fails a file that is not there stays on record, which does no harm.
            try? await pending.forget(gone)
        }.value
    }

    /// Removes what an earlier server left behind when it stopped between a file and its record. For the start, before
    /// anything runs.
    func sweep() async throws {
        await discard(try await pending.all())
    }
}
