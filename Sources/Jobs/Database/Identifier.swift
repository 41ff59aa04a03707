/// Random identifiers such as `job_7k2m…`: a prefix that names the kind, and 100 random bits.
package enum Identifier {
    /// Digits and lowercase letters without i, l, o and u, which are easily misread (Crockford's base 32).
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// `prefix`, an underscore and 20 characters of base 32.
    package static func make(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return make(prefix, using: &generator)
    }

    /// `prefix`, an underscore and 20 characters of base 32 drawn from `generator`.
    package static func make(_ prefix: String, using generator: inout some RandomNumberGenerator) -> String {
        var text = prefix + "_"
        for _ in 0..<20 {
            text.append(alphabet[Int(generator.next() >> 59)])
        }
        return text
    }
}
