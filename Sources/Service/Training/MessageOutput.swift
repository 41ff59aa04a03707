import Foundation
import Jobs

/// Gathers a worker's messages and writes them out a few times a second, so that the server makes one transaction of many.
struct MessageOutput {
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
    mutating func send(_ message: WorkerMessage) throws {
        if case .progress(let progress) = message {
            self.progress = progress
        } else {
            gathered += try message.line()
        }
        let now = clock()
        if let lastFlush, now - lastFlush < interval { return }
        try flush(at: now)
    }

    mutating func flush() throws { try flush(at: clock()) }

    private mutating func flush(at now: ContinuousClock.Instant) throws {
        if let progress { gathered += try WorkerMessage.progress(progress).line() }
        progress = nil
        lastFlush = now
        guard !gathered.isEmpty else { return }
        try write(gathered)
        gathered.removeAll()
    }
}
