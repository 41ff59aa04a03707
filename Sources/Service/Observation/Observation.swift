import HTTP
import HTTPTypes
import Jobs
import Platform

/// What the service counts, for `GET /metrics`.
final class Observation: Sendable {
    private let server = Mutex<Server?>(nil)
    private let predictor: Predictor
    private let jobs: JobStore

    init(predictor: Predictor, jobs: JobStore) {
        self.predictor = predictor
        self.jobs = jobs
    }

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
        predictor.counters.write(to: &text)
        write(predictor.load, predictor.cache.usage, to: &text)
        // Without the store, all else is still to be had.
        if let load = try? await jobs.load() { Self.write(load, to: &text) }
        ProcessMetrics.write(to: &text)
        return text.text
    }

    private func write(
        _ load: Predictor.Load, _ models: (models: Int, bytes: Int), to text: inout PrometheusText
    ) {
        text.family("limbic_predictions", .gauge, "Requests for predictions that are not answered.")
        text.sample("limbic_predictions", load.requests)
        text.family("limbic_prediction_queue_requests", .gauge, "Those that wait to be computed.")
        text.sample("limbic_prediction_queue_requests", load.waiting)
        text.family("limbic_prediction_queue_units", .gauge, "Units that wait to be computed.")
        text.sample("limbic_prediction_queue_units", load.units)
        text.family("limbic_models_loaded", .gauge, "Versions of models in memory, or on their way there.")
        text.sample("limbic_models_loaded", models.models)
        text.family("limbic_model_weights_bytes", .gauge, "Their weights.")
        text.sample("limbic_model_weights_bytes", models.bytes)
    }

    private static func write(_ load: JobStore.Load, to text: inout PrometheusText) {
        text.family("limbic_jobs", .gauge, "Training jobs by state.")
        for state in JobState.allCases {
            text.sample("limbic_jobs", load.counts[state] ?? 0, [("state", state.rawValue)])
        }
        text.family("limbic_training_clips_per_second", .gauge, "Clips that all running jobs train on in a second.")
        text.sample("limbic_training_clips_per_second", load.clipsPerSecond)
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
            text.durations("limbic_http_request_duration_seconds", route.durations, labels(of: route))
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
}
