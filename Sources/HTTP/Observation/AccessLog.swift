import HTTPTypes
import Platform

/// The part of the access log that one queue writes: a line for each exchange, in the format of the log. Lines wait here
/// until ``flush()``, so that a busy queue takes the log's lock once for many.
struct AccessLog: ~Copyable {
    private let writer: LogWriter
    private var lines = OutputBuffer(capacity: 16 * 1024)
    private var count = 0
    private var time: LogTime

    init(_ writer: LogWriter) {
        self.writer = writer
        time = LogTime(writer.format)
    }

    /// - Parameter second: the time of the line, since 1970.
    mutating func record(_ exchange: borrowing Exchange, at second: Int) {
        lines.append(time.text(second))
        switch writer.format {
        case .text: appendText(exchange)
        case .json: appendJSON(exchange)
        }
        lines.append(writer.format.lineEnd)
        count += 1
    }

    private mutating func appendText(_ exchange: borrowing Exchange) {
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
        if let trace = exchange.traceID {
            lines.append(" trace_id=")
            trace.append(to: &lines)
        }
    }

    /// Nothing in it needs an escape: identifiers, methods and addresses have no quotes, and neither have our patterns.
    private mutating func appendJSON(_ exchange: borrowing Exchange) {
        lines.append(#""level":"info","message":"request","request_id":""#)
        exchange.id.append(to: &lines)
        lines.append(#"","remote":""#)
        lines.append(exchange.remoteAddress.host)
        lines.append(#"","method":"#)
        appendQuoted(exchange.method?.rawValue)
        lines.append(#","route":"#)
        appendQuoted(exchange.route?.pattern)
        lines.append(#","status":"#)
        lines.append(decimal: exchange.status?.code ?? 0)
        lines.append(#","bytes_in":"#)
        lines.append(decimal: exchange.bytesIn)
        lines.append(#","bytes_out":"#)
        lines.append(decimal: exchange.bytesOut)
        lines.append(#","duration_us":"#)
        lines.append(decimal: Int((exchange.nanoseconds + 500) / 1000))
        if let trace = exchange.traceID {
            lines.append(#","trace_id":""#)
            trace.append(to: &lines)
            lines.append(#"""#)
        }
    }

    private mutating func appendQuoted(_ text: String?) {
        guard let text else { return lines.append("null") }
        lines.append(#"""#)
        lines.append(text)
        lines.append(#"""#)
    }

    /// Hands the lines to the log.
    mutating func flush() {
        guard count > 0 else { return }
        writer.add(lines.bytes, count: count)
        lines.removeAll()
        count = 0
    }
}
