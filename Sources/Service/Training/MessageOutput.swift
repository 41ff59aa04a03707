import Foundation
import Jobs

/// Gathers a worker's messages and writes them out a few times a second, so that the server makes one transaction of many.
///
/// `@unchecked Sendable`: everything that changes, and both closures, are touched under `lock` only. The thread that trains
/// and the one that gives signs of life share an output.
final class MessageOutput: @unchecked Sendable {
    private let lock = NSLock()
    private let write: (Data) throws -> Void
    private let interval: Duration
    private let clock: () -> ContinuousClock.Instant
    private var gathered = Data()
    private var progress: JobProgress?
    private var lastFlush: ContinuousClock.Instant?

    /// - Parameter interval: the least time between two writes, but for those that ``flush()`` asks for.
    init(
        interval: Duration = .milliseconds(200),
        clock: @escaping () -> ContinuousClock.Instant = { .now },
        write: @escaping (Data) throws -> Void
    ) {
        self.interval = interval
        self.clock = clock
        self.write = write
    }

    /// Takes a message. Of the progress between two writes only the last is kept.
    func send(_ message: WorkerMessage) throws {
        try lock.withLock {
            try take(message)
            let now = clock()
            if let lastFlush, now - lastFlush < interval { return }
            try flush(at: now)
        }
    }

    /// Writes out a message at once, after all that was gathered.
    func sendNow(_ message: WorkerMessage) throws {
        try lock.withLock {
            try takeProgress()
            try take(message)
            try flush(at: clock())
        }
    }

    func flush() throws {
        try lock.withLock { try flush(at: clock()) }
    }

    private func take(_ message: WorkerMessage) throws {
        if case .progress(let progress) = message {
            self.progress = progress
        } else {
            gathered += try message.line()
        }
    }

    private func takeProgress() throws {
        if let progress { gathered += try WorkerMessage.progress(progress).line() }
        progress = nil
    }

    private func flush(at now: ContinuousClock.Instant) throws {
        try takeProgress()
        lastFlush = now
        guard !gathered.isEmpty else { return }
        try write(gathered)
        gathered.removeAll()
    }
}
