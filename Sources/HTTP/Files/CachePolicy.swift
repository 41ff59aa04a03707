/// How long clients may keep a file without asking again.
enum CachePolicy {
    /// `Cache-Control` for a file by its name: a name with a hash of the content never means anything else (RFC 8246).
    static func of(_ name: String) -> String {
        hasHash(name) ? "public, max-age=31536000, immutable" : "no-cache"
    }

    /// Whether the name ends, before its extension, in a dot or hyphen and at least eight hexadecimal digits in lower
    /// case, as in `app.3f2a9c1b.js`. Among them must be both letters and decimal digits, to tell them from dates and
    /// words; the few hashes that look like those are asked for again.
    private static func hasHash(_ name: String) -> Bool {
        let parts = name.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        guard parts.count >= 3, let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let hash = parts[parts.count - 2]
        return hash.endIndex == dot && hash.count >= 8
            && hash.allSatisfy { $0.hexadecimalValue != nil && $0.asciiLowercased == $0 }
            && hash.contains(where: \.isASCIIDigit) && !hash.allSatisfy(\.isASCIIDigit)
    }
}
