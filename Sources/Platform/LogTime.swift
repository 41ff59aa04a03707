import Glibc

/// The time that log lines start with, written anew once a second.
package struct LogTime {
    private var second = Int.min
    private var text: [UInt8] = []

    package init() {}

    /// `1994-11-06T08:49:37Z ` (RFC 3339).
    ///
    /// - Parameter second: since 1970-01-01T00:00:00Z.
    package mutating func text(_ second: Int) -> [UInt8] {
        if second != self.second { (self.second, text) = (second, Self.format(second)) }
        return text
    }

    private static func format(_ second: Int) -> [UInt8] {
        var time = time_t(second)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [UInt8](repeating: 0, count: 32)
        let count = text.withUnsafeMutableBytes {
            strftime($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count, "%Y-%m-%dT%H:%M:%SZ ", &parts)
        }
        return Array(text[..<count])
    }
}
