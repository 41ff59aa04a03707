import HTTPTypes

/// A limit of requests a minute: a bucket that holds a minute's worth and is filled evenly, of which each request takes one.
struct TokenBucket: Sendable {
    /// How a request has come off.
    struct Outcome: Equatable, Sendable {
        /// Requests a minute.
        let quota: Int
        /// Requests that may follow at once.
        let remaining: Int
        /// Seconds until the bucket is full.
        let reset: Int
        /// Seconds until the next request may come; nil when this one may go on.
        let retryAfter: Int?
    }

    private static let window = 60.0

    private let quota: Int
    private var tokens: Double
    private var time = Duration.zero

    /// - Parameter quota: requests a minute, at least 1.
    init(quota: Int) {
        self.quota = quota
        tokens = Double(quota)
    }

    /// - Parameter now: not before the call before.
    mutating func take(at now: Duration) -> Outcome {
        let rate = Double(quota) / Self.window
        tokens = min(Double(quota), tokens + (now - time) / .seconds(1) * rate)
        time = now
        // What is missing of one by rounding alone is not missing.
        let isAllowed = tokens > 1 - 1e-6
        if isAllowed { tokens = max(0, tokens - 1) }
        return Outcome(
            quota: quota,
            remaining: Int(tokens),
            reset: Int(((Double(quota) - tokens) / rate).rounded(.up)),
            retryAfter: isAllowed ? nil : max(1, Int(((1 - tokens) / rate).rounded(.up)))
        )
    }
}

extension TokenBucket.Outcome {
    /// As clients are told of it (draft-ietf-httpapi-ratelimit-headers-10).
    var fields: HTTPFields {
        [
            .rateLimitPolicy: #""default";q=\#(quota);w=60"#,
            .rateLimit: #""default";r=\#(remaining);t=\#(reset)"#,
        ]
    }
}

extension HTTPField.Name {
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
    static let rateLimit = HTTPField.Name("RateLimit")!
}
