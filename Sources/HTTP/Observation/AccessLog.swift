import HTTPTypes
import Platform

/// The part of the access log that one queue writes: a line for each exchange, a time and pairs of key and value. Lines wait
/// here until ``flush()``, so that a busy queue takes the log's lock once for many.
struct AccessLog: ~Copyable {
    private let writer: LogWriter
    private var lines = OutputBuffer(capacity: 16 * 1024)
    private var count = 0
    private var time = LogTime()

    init(_ writer: LogWriter) { self.writer = writer }

    /// - Parameter second: the time of the line, since 1970.
    mutating func record(_ exchange: borrowing Exchange, at second: Int) {
        lines.append(time.text(second))
        lines.append("info request request_id=")
        exchange.id.append(to: &lines)
        lines.append(" remote=")
        lines.append(exchange.remoteAddress.host)
        lines.append(" method=")
        lines.append(exchange.method?.rawValue ?? "-")
        lines.append(" route=")
        lines.append(exchange.route?.pattern ?? "-")
        lines.append(" status=")
        lines.append(decimal: exchange.status?.code ?? 0)
        lines.append(" bytes_in=")
        lines.append(decimal: exchange.bytesIn)
        lines.append(" bytes_out=")
        lines.append(decimal: exchange.bytesOut)
        lines.append(" duration_us=")
        lines.append(decimal: Int((exchange.nanoseconds + 500) / 1000))
        lines.append(.lineFeed)
        count += 1
    }

    /// Hands the lines to the log.
    mutating func flush() {
        guard count > 0 else { return }
        writer.add(lines.bytes, count: count)
        lines.removeAll()
        count = 0
    }
}
