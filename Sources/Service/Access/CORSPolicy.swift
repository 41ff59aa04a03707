import HTTP
import HTTPTypes

/// Which pages of other origins browsers let read the answers (Fetch §3.2, the CORS protocol).
package struct CORSPolicy: Sendable {
    /// The values of `Origin` that are let, or `*` for all.
    private let origins: Set<String>
    private var isOpen: Bool { origins.contains("*") }

    private static let allowedHeaders = [
        "Authorization", "Content-Digest", "Content-Encoding", "Content-Type", "Idempotency-Key", "If-Match",
        "If-None-Match", "Inference-Header-Content-Length", "Last-Event-ID", "Priority", "traceparent", "X-Request-Id",
        "X-Request-Timeout-Ms",
    ].joined(separator: ", ")
    private static let exposedHeaders = [
        "ETag", "Idempotent-Replayed", "Inference-Header-Content-Length", "Location", "RateLimit", "RateLimit-Policy",
        "Retry-After", "Server-Timing",
        "WWW-Authenticate", "X-Request-Id",
    ].joined(separator: ", ")
    /// Seconds for which a browser need not ask again.
    private static let maxAge = "7200"

    init(_ origins: [String]) { self.origins = Set(origins) }

    /// Refuses a request of a page of another origin that is not let, unless it only looks: browsers send some of them without
    /// asking, though they do not let the page read the answer.
    ///
    /// - Throws: ``Problem`` with 403.
    func check(_ request: Request) throws(Problem) {
        guard let origin = request.fields[.origin], ![.get, .head, .options].contains(request.method), !isOpen,
            !origins.contains(origin)
        else { return }
        // The scheme may be another one behind a proxy.
        let authority = origin.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first
        guard let authority, let own = request.authority, authority.lowercased() == own.lowercased() else {
            throw Problem(
                .forbidden, code: "foreign_origin",
                detail: "pages of \(origin.quoted) may not change anything here; --cors-origins would let them")
        }
    }

    /// Whether a text is `*` or an origin as browsers write it: scheme, host and perhaps a port, in lower case.
    package static func isValid(_ origin: String) -> Bool {
        origin == "*" || origin.wholeMatch(of: /https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/) != nil
    }

    /// Adds what is said with every answer, whatever it is.
    func apply(to request: inout Request) {
        guard !origins.isEmpty else { return }
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
