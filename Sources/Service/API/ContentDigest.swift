import Foundation
import HTTP
import HTTPTypes

/// The SHA-256 that a client sends with a body (RFC 9530, `Content-Digest: sha-256=:…:`).
struct ContentDigest {
    static let field = Field.optionalString("Content-Digest", "The SHA-256 of the body, as sha-256=:…: (RFC 9530)")

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

extension HTTPField.Name {
    static let contentDigest = Self("Content-Digest")!
}
