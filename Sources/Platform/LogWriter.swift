import Dispatch
import Foundation
import Logging

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
        var time: LogTime
    }

    /// Lines that may wait are written together, at most this much later: a busy server would spend more on a write for each
    /// line than on the requests.
    private static let delay: DispatchTimeInterval = .milliseconds(100)

    package let format: LogFormat
    private let capacity: Int
    private let clock: WallClock
    private let sink: Sink
    private let queue = DispatchQueue(label: "platform.log")
    private let state: Mutex<State>

    /// - Parameter capacity: bytes that may wait to be written; as many again are being written.
    package init(
        format: LogFormat = .text, capacity: Int = 1 << 20, clock: WallClock = .system, sink: @escaping Sink
    ) {
        self.format = format
        state = Mutex(State(time: LogTime(format)))
        self.capacity = capacity
        self.clock = clock
        self.sink = sink
    }

    /// A log to a descriptor, which is not closed.
    package convenience init(descriptor: Int32, format: LogFormat = .text) {
        // A log that cannot be written has nobody to tell.
        self.init(format: format) { bytes in try? Descriptor.writeAll(bytes, to: descriptor) }
    }

    /// Adds a line: the time, what `body` appends, in ``format``, and the end of the line. Never waits for the sink.
    ///
    /// - Parameter isUrgent: whether it is written at once, or may wait for others.
    package func line(isUrgent: Bool, _ body: (inout [UInt8]) -> Void) {
        let second = Int(clock.now() / 1000)
        add(count: 1, isUrgent: isUrgent) { state in
            state.lines += state.time.text(second)
            body(&state.lines)
            state.lines += UnsafeBufferPointer(
                start: format.lineEnd.utf8Start, count: format.lineEnd.utf8CodeUnitCount)
        }
    }

    /// Adds `count` lines that are whole, with their times and line feeds, and may wait for others. Never waits for the sink.
    package func add(_ lines: UnsafeRawBufferPointer, count: Int) {
        add(count: count, isUrgent: false) { $0.lines += lines }
    }

    private func add(count: Int, isUrgent: Bool, _ append: (inout State) -> Void) {
        let isFirst = state.withLock { state in
            guard state.lines.count < capacity else {
                state.dropped += count
                return false
            }
            append(&state)
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
        if dropped > 0 { sink(lineAbout(dropped: dropped)) }
    }

    private func lineAbout(dropped: Int) -> [UInt8] {
        let message = "lines were not logged: the log was not taken"
        switch format {
        case .text: return Array("\(dropped) \(message)\n".utf8)
        case .json:
            var time = LogTime(format)
            let line = JSONLogLine(.warning, message, ["count": "\(dropped)"])
            return time.text(Int(clock.now() / 1000)) + line.bytes + Array("}\n".utf8)
        }
    }
}
