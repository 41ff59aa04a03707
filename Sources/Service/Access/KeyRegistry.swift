import Jobs
import Logging
import Platform

/// All keys in memory, so that no request waits for the database to be let in.
///
/// Filled at the start, told of each key that is made or revoked here once that is committed, and read anew when another
/// process, such as `limbic key`, has written.
final class KeyRegistry: Sendable {
    private struct State {
        /// Those that hold, by the first bytes of their digests, from which nothing can be learnt of a secret.
        var active: [UInt64: [AccessKey]] = [:]
        /// The ids of all, those that were revoked too.
        var known: Set<String> = []
    }

    /// How often the database is looked at.
    private static let pollInterval: Duration = .seconds(1)
    /// How often it is written down when keys were used, in looks.
    private static let pollsPerRecord = 60

    private let state = Mutex(State())
    private let store: KeyStore
    /// Requests a minute of keys that have no limit of their own.
    private let rateLimit: Int?
    private let logger: Logger

    /// Reads what the store holds, which blocks. Throws errors of Jobs.
    init(_ store: KeyStore, rateLimit: Int?, logger: Logger) throws {
        self.store = store
        self.rateLimit = rateLimit
        self.logger = logger
        replace(try store.all())
    }

    /// The key whose secret this is, if it holds. Compared in constant time.
    func find(_ secret: String) -> AccessKey? {
        let digest = KeySecret.digest(of: secret)
        return state.withLock { $0.active[Self.index(digest)] ?? [] }.first { $0.has(digest) }
    }

    /// Whether there is a key that holds.
    var hasActiveKeys: Bool { state.withLock { !$0.active.isEmpty } }

    /// Whether there is a key, or has been one.
    var hasHadKeys: Bool { state.withLock { !$0.known.isEmpty } }

    /// Makes a key, which holds when this returns.
    func create(_ draft: KeyDraft) async throws -> (KeyRecord, KeySecret) {
        let (record, secret) = try await store.create(draft) { [weak self] in self?.put($0) }
        let scopes = record.scopes.map(\.rawValue).joined(separator: ",")
        logger.notice("a key was made", metadata: ["key": "\(record.id)", "scopes": "\(scopes)"])
        return (record, secret)
    }

    /// Revokes a key, which does not hold any more when this returns.
    ///
    /// - Throws: ``KeyStoreError/notFound(id:)``.
    func revoke(_ id: String) async throws {
        try await store.revoke(id) { [weak self] in self?.put($0) }
        logger.notice("a key was revoked", metadata: ["key": "\(id)"])
    }

    // MARK: Following the store

    /// Follows what others write, and writes down uses, until the task is cancelled.
    func run() async {
        var version: Int?
        var polls = 0
        while !Task.isCancelled {
            do {
                version = try await store.poll(since: version) { [weak self] in self?.replace($0) }
                polls += 1
                if polls.isMultiple(of: Self.pollsPerRecord) { try await recordUses() }
            } catch is CancellationError {
                break
            } catch {
                logger.error("keys cannot be followed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.pollInterval)
        }
        // The last minute; without it nothing is lost that matters.
        try? await recordUses()
    }

    /// Writes down which keys were used since the last time.
    func recordUses() async throws {
        let keys = state.withLock { $0.active.values.flatMap(\.self) }
        let times = keys.compactMap { key in key.takeUse().map { (key.id, $0) } }
        guard !times.isEmpty else { return }
        try await store.recordUses(Dictionary(uniqueKeysWithValues: times))
    }

    /// What a key has used of its limit stays with it.
    private func replace(_ records: [KeyRecord]) {
        state.withLock { state in
            let before = Dictionary(uniqueKeysWithValues: state.active.values.joined().map { ($0.id, $0) })
            state.active = [:]
            state.known = Set(records.map(\.id))
            for record in records where record.revokedAt == nil {
                let key = before[record.id] ?? AccessKey(record, rateLimit: rateLimit)
                state.active[Self.index(record.digest), default: []].append(key)
            }
        }
    }

    private func put(_ record: KeyRecord) {
        state.withLock { state in
            let index = Self.index(record.digest)
            state.known.insert(record.id)
            var keys = (state.active[index] ?? []).filter { $0.id != record.id }
            if record.revokedAt == nil { keys.append(AccessKey(record, rateLimit: rateLimit)) }
            state.active[index] = keys.isEmpty ? nil : keys
        }
    }

    private static func index(_ digest: [UInt8]) -> UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
