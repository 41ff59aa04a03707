import HTTP
import HTTPTypes
import Jobs
import Platform

extension Request {
    /// The field of a request that makes something, so that sending it again makes nothing new.
    static func idempotencyKey(_ summary: String) -> Field<String?> {
        .optionalString("Idempotency-Key", length: 1...255, summary)
    }

    /// The key it was sent under, with the digest of what it asks for; nil where there is none.
    ///
    /// - Throws: ``Problem`` about a key that is none.
    var idempotency: JobSubmission.Idempotency? {
        get throws {
            guard let key = fields[.idempotencyKey] else { return nil }
            guard (1...255).contains(key.utf8.count) else {
                throw Problem(.badRequest, code: "invalid_key", detail: "an Idempotency-Key has 1 to 255 bytes")
            }
            // Compressed or not, it is the same body.
            return JobSubmission.Idempotency(key: key, digest: SHA256.digest(of: try body.bytes))
        }
    }
}

extension HTTPField.Name {
    static let idempotencyKey = Self("Idempotency-Key")!
    static let idempotentReplayed = Self("Idempotent-Replayed")!
}
