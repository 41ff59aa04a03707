import Glibc

/// How log lines begin: with the time, written anew once a second.
package struct LogTime {
    private let format: LogFormat
    private var second = Int.min
    private var text: [UInt8] = []

    package init(_ format: LogFormat) { self.format = format }

    /// `1994-11-06T08:49:37Z ` (RFC 3339), or `{"time":"1994-11-06T08:49:37Z",`.
    ///
    /// - Parameter second: since 1970-01-01T00:00:00Z.
    package mutating func text(_ second: Int) -> [UInt8] {
        if second != self.second { (self.second, text) = (second, begin(second)) }
        return text
    }

    private func begin(_ second: Int) -> [UInt8] {
        var time = time_t(second)
        var parts = tm()
        gmtime_r(&time, &parts)
        let pattern =
            switch format {
            case .text: "%Y-%m-%dT%H:%M:%SZ "
            case .json: #"{"time":"%Y-%m-%dT%H:%M:%SZ","#
            }
        var text = [UInt8](repeating: 0, count: 48)
        let count = text.withUnsafeMutableBytes {
            strftime($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count, pattern, &parts)
        }
        return Array(text[..<count])
    }
}
