import Jobs
import Logging
import Platform

/// Removes jobs that have been over for long, with their checkpoints and logs.
struct JobRetention: Sendable {
    /// How long a job stays after it is over.
    let age: Duration
    let jobs: JobStore
    let files: OwnedFiles
    var clock = WallClock.system
    let logger: Logger

    /// Looks once an hour, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do { try await sweep() } catch {
                // Nothing is lost by it: the next look finds the same jobs.
                logger.error("old jobs could not be removed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(3600))
        }
    }

    /// Removes all that are old enough now, a hundred in a transaction, so that others need not wait long for theirs.
    func sweep() async throws {
        let time = clock.now() - age.milliseconds
        while !Task.isCancelled {
            let paths = try await jobs.deleteFinished(before: time)
            guard !paths.isEmpty else { return }
            await files.discard(paths)
        }
    }
}
