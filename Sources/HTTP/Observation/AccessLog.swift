import Dispatch
import Glibc
import HTTPTypes
import Synchronization

/// Writes one line for each exchange, a time and pairs of key and value; pass `record` as the server's `observe`.
///
/// A busy server would spend more on a write for each line than on the requests: lines are gathered and written
/// together a moment later, on a queue of the log's own, so that nobody waits for a slow reader of the log. When that
/// reader stands still, lines are counted instead of kept.
package final class AccessLog: Sendable {
    private struct State {
        var lines: [UInt8] = []
        var isWriteDue = false
        var dropped = 0
        /// The second of the latest line, and how it is written.
        var second = -1
        var time: [UInt8] = []
    }

    /// Bytes that may wait to be written.
    private static let capacity = 1 << 20
    private static let delay: DispatchTimeInterval = .milliseconds(100)

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "http.access-log")
    private let state = Mutex(State())

    /// - Parameter descriptor: where the lines go; not closed.
    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    package func record(_ exchange: Exchange) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        let isFirst = state.withLock { state in
            guard state.lines.count < Self.capacity else {
                state.dropped += 1
                return false
            }
            if state.second != now.tv_sec { (state.second, state.time) = (now.tv_sec, Self.timestamp(now.tv_sec)) }
            Self.append(exchange, at: state.time, to: &state.lines)
            defer { state.isWriteDue = true }
            return !state.isWriteDue
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.delay) { self.writeLines() } }
    }

    /// Writes what waits to be written, and returns when it is written.
    package func flush() {
        queue.sync { writeLines() }
    }

    private func writeLines() {
        let (lines, dropped) = state.withLock { state in
            defer { (state.lines, state.dropped, state.isWriteDue) = ([], 0, false) }
            return (state.lines, state.dropped)
        }
        write(lines)
        if dropped > 0 { write(Array("\(dropped) requests were not logged: the log was not taken\n".utf8)) }
    }

    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
            // A log that cannot be written has nobody to tell.
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private static func append(_ exchange: Exchange, at time: [UInt8], to line: inout [UInt8]) {
        func append(_ key: StaticString, _ value: Int) {
            append(key)
            line.append(contentsOf: String(value).utf8)
        }
        func append(_ key: StaticString) {
            key.withUTF8Buffer { line.append(contentsOf: $0) }
        }
        line += time
        append(" info request request_id=")
        exchange.id.append(to: &line)
        append(" remote=")
        line.append(contentsOf: exchange.remoteAddress.host.utf8)
        append(" method=")
        line.append(contentsOf: (exchange.method?.rawValue ?? "-").utf8)
        append(" route=")
        line.append(contentsOf: (exchange.route ?? "-").utf8)
        append(" status=", exchange.status?.code ?? 0)
        append(" bytes_in=", exchange.bytesIn)
        append(" bytes_out=", exchange.bytesOut)
        append(" duration_us=", Int((exchange.duration / .microseconds(1)).rounded()))
        line.append(.lineFeed)
    }

    /// `1994-11-06T08:49:37Z` (RFC 3339).
    private static func timestamp(_ seconds: Int) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [UInt8](repeating: 0, count: 32)
        let count = text.withUnsafeMutableBytes {
            strftime($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        }
        return Array(text[..<count])
    }
}
