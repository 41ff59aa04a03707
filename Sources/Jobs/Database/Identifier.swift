/// Random identifiers such as `job_7k2m…`: a prefix that names the kind, and 100 random bits.
package enum Identifier {
    /// Digits and lowercase letters without i, l, o and u, which are easily misread (Crockford's base 32).
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// `prefix`, an underscore and 20 characters of base 32.
    ///
    /// - Parameter random: 64 random bits at each call, of which the upper five count.
    package static func make(_ prefix: String, random: () -> UInt64 = { .random(in: .min ... .max) }) -> String {
        prefix + "_" + (0..<20).map { _ in String(alphabet[Int(random() >> 59)]) }.joined()
    }
}
