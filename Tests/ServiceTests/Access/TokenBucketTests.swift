import HTTPTypes
import Testing

@testable import Service

struct TokenBucketTests {
    @Test func holdsAMinutesWorthAndFillsEvenly() {
        var bucket = TokenBucket(quota: 3)
        #expect(bucket.take(at: .zero) == .init(quota: 3, remaining: 2, reset: 20, retryAfter: nil))
        #expect(bucket.take(at: .zero) == .init(quota: 3, remaining: 1, reset: 40, retryAfter: nil))
        #expect(bucket.take(at: .zero) == .init(quota: 3, remaining: 0, reset: 60, retryAfter: nil))
        #expect(bucket.take(at: .seconds(5)) == .init(quota: 3, remaining: 0, reset: 55, retryAfter: 15))
        // Those that were refused have cost nothing.
        #expect(bucket.take(at: .seconds(20)) == .init(quota: 3, remaining: 0, reset: 60, retryAfter: nil))
        #expect(bucket.take(at: .seconds(500)) == .init(quota: 3, remaining: 2, reset: 20, retryAfter: nil))
    }

    @Test func whoWaitsAsLongAsToldIsLet() {
        for quota in [1, 7, 60, 599, 100_000] {
            var bucket = TokenBucket(quota: quota)
            var refusal: Int?
            while refusal == nil { refusal = bucket.take(at: .milliseconds(17)).retryAfter }
            #expect(bucket.take(at: .milliseconds(17) + .seconds(refusal ?? 0)).retryAfter == nil, "\(quota)")
        }
    }

    @Test func isToldInFields() {
        let fields = TokenBucket.Outcome(quota: 600, remaining: 599, reset: 1, retryAfter: nil).fields
        #expect(fields[.rateLimitPolicy] == #""default";q=600;w=60"# && fields[.rateLimit] == #""default";r=599;t=1"#)
    }
}
