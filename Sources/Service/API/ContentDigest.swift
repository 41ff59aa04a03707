import Foundation
import HTTP
import HTTPTypes
import Platform

/// The SHA-256 that a client sends with a body (RFC 9530, `Content-Digest: sha-256=:…:`): of its content as it is sent,
/// compressed where it is.
struct ContentDigest {
    static let field = Field.optionalString(
        "Content-Digest", "The SHA-256 of the body as it is sent, as sha-256=:…: (RFC 9530)")

    /// `sha256:…`
    private let expected: String

    /// nil when the client sends none, or only of other kinds.
    init?(_ fields: RequestFields) throws(Problem) {
        guard let field = fields[.contentDigest] else { return nil }
        let members = field.split(separator: ",").map { $0.filter { $0 != " " } }
        guard let member = members.first(where: { $0.lowercased().hasPrefix("sha-256=") }) else { return nil }
        let value = member.dropFirst("sha-256=".count)
        guard value.count >= 2, value.first == ":", value.last == ":",
            let digest = Data(base64Encoded: String(value.dropFirst().dropLast())), digest.count == 32
        else {
            throw Problem(
                .badRequest,
                code: "invalid_digest",
                detail: "Content-Digest must be sha-256=:…: with 32 bytes in base64"
            )
        }
        expected = "sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func check(_ digest: String) throws(Problem) {
        guard digest == expected else {
            throw Problem(
                .unprocessableContent,
                code: "digest_mismatch",
                detail: "the body has the digest \(digest), not \(expected) as Content-Digest says"
            )
        }
    }
}

/// Takes the digest of a content that is not kept as it comes.
///
/// `@unchecked Sendable`: touched by the one task that reads the content.
final class ContentHash: @unchecked Sendable {
    private var hash = SHA256()

    func update(_ bytes: [UInt8]) { hash.update(bytes) }

    /// `sha256:…`, of all there was so far.
    func finish() -> String {
        var finished = SHA256()
        swap(&finished, &hash)
        return finished.finish()
    }
}

extension HTTPField.Name {
    static let contentDigest = Self("Content-Digest")!
}
