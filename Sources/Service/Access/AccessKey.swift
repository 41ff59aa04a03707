import Jobs
import Platform

/// A key that holds, with what it has used of its limit and when.
final class AccessKey: Sendable {
    private struct Use {
        var bucket: TokenBucket?
        /// Milliseconds since 1970; nil when that is written down.
        var unrecorded: Int64?
    }

    let id: String
    private let scope: KeyScope?
    private let digest: [UInt8]
    private let use: Mutex<Use>

    /// - Parameter rateLimit: requests a minute where the key has no limit of its own; nil for any number.
    init(_ record: KeyRecord, rateLimit: Int?) {
        id = record.id
        scope = record.scopes.last
        digest = record.digest
        use = Mutex(Use(bucket: (record.rateLimit ?? rateLimit).map { TokenBucket(quota: $0) }))
    }

    /// Whether its secret has this digest. Takes as long whatever the difference.
    func has(_ digest: [UInt8]) -> Bool {
        digest.count == self.digest.count && zip(digest, self.digest).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    func allows(_ needed: KeyScope) -> Bool { scope.map { needed <= $0 } ?? false }

    /// Notes a request, and takes it from what the key may ask for.
    ///
    /// - Parameters:
    ///   - time: on the clock of the machine, for the limit.
    ///   - date: milliseconds since 1970, to be written down.
    /// - Returns: what is left; nil for a key without a limit.
    func take(at time: Duration, date: Int64) -> TokenBucket.Outcome? {
        use.withLock { use in
            use.unrecorded = date
            return use.bucket?.take(at: time)
        }
    }

    /// When it was used last, if that is not written down yet.
    func takeUse() -> Int64? { use.withLock { $0.unrecorded.take() } }
}
