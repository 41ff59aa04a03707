import Foundation
import GRDB

/// What a key lets its holder ask for. A greater scope has all that the lesser ones have.
package enum KeyScope: String, Sendable, CaseIterable, Comparable {
    case predict
    case train
    case admin

    package static func < (left: KeyScope, right: KeyScope) -> Bool {
        allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
    }
}

/// A key, without its secret, of which there is a digest only.
package struct KeyRecord: Sendable, Equatable {
    package let id: String
    package let name: String?
    /// From the least to the greatest, at least one.
    package let scopes: [KeyScope]
    /// Requests a minute; nil for what the server is told.
    package let rateLimit: Int?
    /// SHA-256 of the secret, 32 bytes.
    package let digest: [UInt8]
    /// Milliseconds since 1970, as are the others.
    package let createdAt: Int64
    /// Behind by a minute at most.
    package let usedAt: Int64?
    package let revokedAt: Int64?
}

extension KeyRecord {
    /// From a row of `keys`.
    init(_ row: Row) {
        let scopes: String = row["scopes"]
        let digest: Data = row["digest"]
        self.init(
            id: row["id"],
            name: row["name"],
            scopes: scopes.split(separator: " ").compactMap { KeyScope(rawValue: String($0)) },
            rateLimit: row["rate_limit"],
            digest: Array(digest),
            createdAt: row["created_at"],
            usedAt: row["used_at"],
            revokedAt: row["revoked_at"]
        )
    }
}

/// A key to be made.
package struct KeyDraft: Sendable, Equatable {
    /// What a limit may be, in requests a minute.
    package static let rateLimits = 1...1_000_000

    package var name: String?
    /// At least one.
    package var scopes: Set<KeyScope>
    /// Requests a minute; nil for what the server is told.
    package var rateLimit: Int?

    package init(name: String? = nil, scopes: Set<KeyScope>, rateLimit: Int? = nil) {
        self.name = name
        self.scopes = scopes
        self.rateLimit = rateLimit
    }
}
