import HTTPTypes
package import Logging

/// Writes one structured line for each exchange; pass `record` as the server's `observe`.
package struct AccessLog: Sendable {
    private let logger: Logger
    private let level: Logger.Level

    package init(logger: Logger, level: Logger.Level = .info) {
        self.logger = logger
        self.level = level
    }

    package func record(_ exchange: Exchange) {
        guard logger.logLevel <= level else { return }
        let microseconds = exchange.duration / .microseconds(1)
        logger.log(
            level: level,
            "request",
            metadata: [
                "request_id": "\(exchange.id)",
                "remote": "\(exchange.remoteAddress.host)",
                "method": "\(exchange.method?.rawValue ?? "-")",
                "route": "\(exchange.route ?? "-")",
                "status": "\(exchange.status?.code ?? 0)",
                "bytes_in": "\(exchange.bytesIn)",
                "bytes_out": "\(exchange.bytesOut)",
                "duration_us": "\(Int(microseconds.rounded()))",
            ]
        )
    }
}
