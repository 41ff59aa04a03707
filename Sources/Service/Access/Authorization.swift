import HTTP
import HTTPTypes
import Jobs
import Platform

/// Decides by the key of a request whether it may ask for an operation, and whether it may do so now. Cheap: it runs on the
/// queue of the connection, before a byte of the body is taken.
///
/// Without a key in the store everyone may ask for everything. Where there has been one it takes a key, for good, unless
/// ``allowsAnonymous`` says otherwise once none holds any more.
struct Authorization: Sendable {
    let keys: KeyRegistry
    /// Whether everyone may ask for everything while no key holds, even where there has been one.
    let allowsAnonymous: Bool
    var clock = MonotonicClock.system
    var wallClock = WallClock.system
    private let attempts = FailedAttempts()

    init(_ keys: KeyRegistry, allowsAnonymous: Bool) {
        self.keys = keys
        self.allowsAnonymous = allowsAnonymous
    }

    /// Whether everyone may ask for everything.
    var isOpen: Bool { !keys.hasActiveKeys && (allowsAnonymous || !keys.hasHadKeys) }

    /// - Throws: ``Problem``: 401 without a key that holds (RFC 6750 §3), 403 with one of a lesser scope, 429 after too many
    ///   wrong ones or where the limit of the key is used up.
    func check(_ request: inout Request, for scope: Operation.Scope) throws(Problem) {
        guard let needed = KeyScope(rawValue: scope.rawValue), !isOpen else { return }
        guard let key = try key(of: request) else { throw .missingToken }
        if let outcome = key.take(at: clock.now(), date: wallClock.now()) {
            request.answerFields.append(contentsOf: outcome.fields)
            if let seconds = outcome.retryAfter { throw .rateLimited(outcome.quota, seconds) }
        }
        guard key.allows(needed) else { throw .insufficientScope(needed) }
    }

    /// The scopes of what a request may ask for; empty where it takes a key and has none.
    ///
    /// - Throws: ``Problem``: 401 with a key that does not hold, 429 after too many of those.
    func scopes(of request: Request) throws(Problem) -> [KeyScope] {
        if isOpen { return KeyScope.allCases }
        guard let key = try key(of: request) else { return [] }
        return KeyScope.allCases.filter(key.allows)
    }

    /// The key that a request comes with; nil for none.
    private func key(of request: Request) throws(Problem) -> AccessKey? {
        guard let secret = Self.secret(in: request.fields) else { return nil }
        guard let key = keys.find(secret) else {
            throw attempts.note(request.remoteAddress.host, at: clock.now()).map { .tooManyAttempts($0) }
                ?? .invalidToken
        }
        return key
    }

    /// What follows `Bearer` in the one `Authorization` there is (RFC 6750 §2.1); nil for anything else.
    private static func secret(in fields: RequestFields) -> String? {
        let values = fields[values: .authorization]
        guard values.count == 1 else { return nil }
        let words = values[0].split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}

extension Problem {
    fileprivate static let missingToken = Problem(
        .unauthorized,
        code: "missing_token",
        detail: "this operation takes a key: Authorization: Bearer lk_…",
        fields: [.wwwAuthenticate: #"Bearer realm="limbic""#]
    )

    fileprivate static let invalidToken = Problem(
        .unauthorized,
        code: "invalid_token",
        detail: "there is no such key, or it was revoked",
        fields: [.wwwAuthenticate: #"Bearer realm="limbic", error="invalid_token""#]
    )

    fileprivate static func insufficientScope(_ needed: KeyScope) -> Problem {
        Problem(
            .forbidden,
            code: "insufficient_scope",
            detail: "this operation takes a key with the scope \(needed)",
            fields: [.wwwAuthenticate: #"Bearer realm="limbic", error="insufficient_scope", scope="\#(needed)""#]
        )
    }

    fileprivate static func tooManyAttempts(_ seconds: Int) -> Problem {
        Problem(
            .tooManyRequests,
            code: "too_many_attempts",
            detail: "too many wrong keys have come from this address: try again in \(seconds) s",
            fields: [.retryAfter: "\(seconds)"]
        )
    }

    fileprivate static func rateLimited(_ quota: Int, _ seconds: Int) -> Problem {
        Problem(
            .tooManyRequests,
            code: "rate_limited",
            detail: "this key may ask \(quota) times a minute: try again in \(seconds) s",
            fields: [.retryAfter: "\(seconds)"]
        )
    }
}
