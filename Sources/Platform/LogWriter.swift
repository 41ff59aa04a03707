import Dispatch
import Foundation

/// Takes lines for a log and writes them on a queue of its own: nobody who logs waits for a slow reader of the log.
///
/// When that reader stands still, lines are counted instead of kept, and the number is logged once it moves again. Lines come
/// out in the order they went in.
package final class LogWriter: Sendable {
    /// Takes the bytes of whole lines and may block.
    package typealias Sink = @Sendable ([UInt8]) -> Void

    private struct State {
        var lines: [UInt8] = []
        var isWriteDue = false
        var dropped = 0
        /// The second of the latest line, and how it is written.
        var second: Int64 = -1
        var time: [UInt8] = []
    }

    /// Lines that may wait are written together, at most this much later: a busy server would spend more on a write for each
    /// line than on the requests.
    private static let delay: DispatchTimeInterval = .milliseconds(100)

    private let capacity: Int
    private let clock: WallClock
    private let sink: Sink
    private let queue = DispatchQueue(label: "platform.log")
    private let state = Mutex(State())

    /// - Parameter capacity: bytes that may wait to be written; as many again are being written.
    package init(capacity: Int = 1 << 20, clock: WallClock = .system, sink: @escaping Sink) {
        self.capacity = capacity
        self.clock = clock
        self.sink = sink
    }

    /// A log to a descriptor, which is not closed.
    package convenience init(descriptor: Int32) {
        // A log that cannot be written has nobody to tell.
        self.init { bytes in try? Descriptor.writeAll(bytes, to: descriptor) }
    }

    /// The log of the process, on standard error.
    package static let standardError = LogWriter(descriptor: STDERR_FILENO)

    /// Adds a line: the time, a space, what `body` appends, and a line feed. Never waits for the sink.
    ///
    /// - Parameter isUrgent: whether it is written at once, or may wait for others.
    package func line(isUrgent: Bool, _ body: (inout [UInt8]) -> Void) {
        let second = clock.now() / 1000
        let isFirst = state.withLock { state in
            guard state.lines.count < capacity else {
                state.dropped += 1
                return false
            }
            if state.second != second { (state.second, state.time) = (second, Self.timestamp(second)) }
            state.lines += state.time
            body(&state.lines)
            state.lines.append(UInt8(ascii: "\n"))
            defer { state.isWriteDue = true }
            return !state.isWriteDue
        }
        if isUrgent {
            queue.async { self.writeLines() }
        } else if isFirst {
            queue.asyncAfter(deadline: .now() + Self.delay) { self.writeLines() }
        }
    }

    /// Waits until what has been logged so far is written, for the end of the program.
    ///
    /// - Parameter limit: in seconds; a reader that stands still must not keep the program from ending.
    /// - Returns: whether all is written.
    @discardableResult
    package func flush(limit: Double = 2) -> Bool {
        let written = DispatchSemaphore(value: 0)
        queue.async {
            self.writeLines()
            written.signal()
        }
        return written.wait(timeout: .now() + limit) == .success
    }

    private func writeLines() {
        let (lines, dropped) = state.withLock { state in
            defer { (state.lines, state.dropped, state.isWriteDue) = ([], 0, false) }
            return (state.lines, state.dropped)
        }
        if !lines.isEmpty { sink(lines) }
        if dropped > 0 { sink(Array("\(dropped) lines were not logged: the log was not taken\n".utf8)) }
    }

    /// `1994-11-06T08:49:37Z ` (RFC 3339).
    private static func timestamp(_ seconds: Int64) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [UInt8](repeating: 0, count: 32)
        let count = text.withUnsafeMutableBytes {
            strftime($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count, "%Y-%m-%dT%H:%M:%SZ ", &parts)
        }
        return Array(text[..<count])
    }
}
