import HTTPTypes
package import Platform

/// Logs one line for each exchange, a time and pairs of key and value; pass `record` as the server's `observe`.
package struct AccessLog: Sendable {
    private let writer: LogWriter

    package init(writer: LogWriter) { self.writer = writer }

    package func record(_ exchange: Exchange) {
        writer.line(isUrgent: false) { Self.append(exchange, to: &$0) }
    }

    private static func append(_ exchange: Exchange, to line: inout [UInt8]) {
        func append(_ key: StaticString, _ value: Int) {
            append(key)
            line.append(decimal: value)
        }
        func append(_ key: StaticString) {
            key.withUTF8Buffer { line.append(contentsOf: $0) }
        }
        append("info request request_id=")
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
        append(" duration_us=", Int((exchange.duration.nanoseconds + 500) / 1000))
    }
}
