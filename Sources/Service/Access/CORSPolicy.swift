import HTTP
import HTTPTypes

/// Which pages of other origins browsers let read the answers (Fetch §3.2, the CORS protocol).
package struct CORSPolicy: Sendable {
    /// The values of `Origin` that are let, or `*` for all.
    private let origins: Set<String>
    private var isOpen: Bool { origins.contains("*") }

    private static let allowedHeaders = [
        "Authorization", "Content-Digest", "Content-Encoding", "Content-Type", "Idempotency-Key", "If-Match",
        "If-None-Match", "Last-Event-ID", "Priority", "traceparent", "X-Request-Id", "X-Request-Timeout-Ms",
    ].joined(separator: ", ")
    private static let exposedHeaders = [
        "ETag", "Idempotent-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing",
        "WWW-Authenticate", "X-Request-Id",
    ].joined(separator: ", ")
    /// Seconds for which a browser need not ask again.
    private static let maxAge = "7200"

    /// nil for no origins: then nothing is said of it.
    init?(_ origins: [String]) {
        guard !origins.isEmpty else { return nil }
        self.origins = Set(origins)
    }

    /// Whether a text is `*` or an origin as browsers write it: scheme, host and perhaps a port, in lower case.
    package static func isValid(_ origin: String) -> Bool {
        origin == "*" || origin.wholeMatch(of: /https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/) != nil
    }

    /// Adds what is said with every answer, whatever it is.
    func apply(to request: inout Request) {
        if isOpen {
            request.answerFields[.accessControlAllowOrigin] = "*"
        } else {
            // Caches must keep apart what is said to different origins, and to none.
            request.answerFields[.vary] = "Origin"
            guard let origin = request.fields[.origin], origins.contains(origin) else { return }
            request.answerFields[.accessControlAllowOrigin] = origin
        }
        request.answerFields[.accessControlExposeHeaders] = Self.exposedHeaders
    }

    /// What an answer to `OPTIONS` says besides: of a preflight, what may be asked for.
    ///
    /// - Parameter methods: of the path, as `Allow` has them.
    func preflight(_ request: Request, methods: String) -> HTTPFields {
        guard request.fields.contains(.accessControlRequestMethod),
            request.answerFields.contains(.accessControlAllowOrigin)
        else { return [:] }
        return [
            .accessControlAllowMethods: methods,
            .accessControlAllowHeaders: Self.allowedHeaders,
            .accessControlMaxAge: Self.maxAge,
        ]
    }
}
