import Foundation
import Platform

/// What a client shows: `lk_` and 256 random bits in base64url (RFC 4648 §5), which also is a `token68` (RFC 9110 §11.2).
package struct KeySecret: Sendable {
    package let text: String

    /// A new one, from the random numbers of the system (`getrandom(2)`).
    static func make() -> KeySecret {
        var system = SystemRandomNumberGenerator()
        let bytes = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &system) })
        let base64 = bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
        return KeySecret(text: "lk_\(base64)")
    }

    /// What is kept of a secret. It is as random as the secret is, so that nothing slower than SHA-256 is called for.
    package static func digest(of text: String) -> [UInt8] { SHA256.bytes(of: Array(text.utf8)) }
}
