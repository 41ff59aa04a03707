import HTTP
import HTTPTypes
import Platform

/// What the service counts, for `GET /metrics`.
final class Observation: Sendable {
    private let server = Mutex<Server?>(nil)

    /// - Parameter server: the one that answers; there are no numbers of one before.
    func watch(_ server: Server) {
        self.server.withLock { $0 = server }
    }

    var operation: Operation {
        Operation(
            id: "getMetrics", method: .get, pattern: "/metrics", tag: "health", scope: .none,
            summary: "What the server has counted since its start, in the text format of Prometheus",
            answers: [.init(summary: "The metrics", content: .other(type: "text/plain"))],
            handler: .task { [self] _ in
                .text(await text(), fields: [.contentType: PrometheusText.mediaType, .cacheControl: "no-store"])
            }
        )
    }

    private func text() async -> String {
        var text = PrometheusText()
        if let counters = await server.withLock({ $0 })?.counters() { Self.write(counters, to: &text) }
        return text.text
    }

    static func write(_ counters: ServerCounters, to text: inout PrometheusText) {
        text.family("limbic_http_requests_total", .counter, "Requests by route and status; 0 stands for no answer.")
        for route in counters.routes {
            for (status, count) in route.answers.sorted(by: { $0.status < $1.status }) {
                text.sample("limbic_http_requests_total", count, labels(of: route) + [("status", "\(status)")])
            }
        }
        text.family(
            "limbic_http_request_duration_seconds", .histogram, "From a request's head to the end of its answer.")
        for route in counters.routes where !route.answers.isEmpty {
            write(route.durations, "limbic_http_request_duration_seconds", labels(of: route), to: &text)
        }
        text.family("limbic_http_refusals_total", .counter, "Requests and connections refused or cut off.")
        for (reason, count) in counters.refusals.sorted(by: { $0.key < $1.key }) {
            text.sample("limbic_http_refusals_total", count, [("reason", reason)])
        }
        text.family("limbic_http_connections_total", .counter, "Connections taken in.")
        text.sample("limbic_http_connections_total", counters.connections)
        text.family("limbic_http_connections", .gauge, "Connections open now.")
        text.sample("limbic_http_connections", counters.openConnections)
        text.family("limbic_http_bytes_total", .counter, "Bytes over all connections, without those of TLS itself.")
        text.sample("limbic_http_bytes_total", counters.bytesReceived, [("direction", "received")])
        text.sample("limbic_http_bytes_total", counters.bytesSent, [("direction", "sent")])
        text.family("limbic_tls_handshakes_total", .counter, "Handshakes of TLS.")
        text.sample("limbic_tls_handshakes_total", counters.handshakes, [("result", "completed")])
        text.sample("limbic_tls_handshakes_total", counters.failedHandshakes, [("result", "failed")])
    }

    /// Patterns, never paths: there may be no end of those.
    private static func labels(of route: ServerCounters.RouteCounters) -> [PrometheusText.Label] {
        [("method", route.method?.rawValue ?? "none"), ("route", route.pattern ?? "none")]
    }

    private static func write(
        _ histogram: Histogram, _ name: String, _ labels: [PrometheusText.Label], to text: inout PrometheusText
    ) {
        var count = 0
        for (bound, more) in zip(Histogram.bounds.map { "\(Double($0) / 1e6)" } + ["+Inf"], histogram.counts) {
            count += more
            text.sample(name + "_bucket", count, labels + [("le", bound)])
        }
        text.sample(name + "_sum", Double(histogram.sum) / 1e9, labels)
        text.sample(name + "_count", count, labels)
    }
}
