import Glibc

/// Dates as HTTP writes them (RFC 9110 §5.6.7).
enum HTTPDate {
    /// `Sun, 06 Nov 1994 08:49:37 GMT` for a number of seconds since 1970.
    static func bytes(_ seconds: Int) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        func append(_ number: Int32, digits: Int) {
            let decimal = String(number).utf8
            text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - decimal.count)))
            text.append(contentsOf: decimal)
        }
        text.append(contentsOf: days[Int(parts.tm_wday)].utf8)
        text.append(contentsOf: ", ".utf8)
        append(parts.tm_mday, digits: 2)
        text.append(.space)
        text.append(contentsOf: months[Int(parts.tm_mon)].utf8)
        text.append(.space)
        append(parts.tm_year + 1900, digits: 4)
        for (separator, number) in [(" ", parts.tm_hour), (":", parts.tm_min), (":", parts.tm_sec)] {
            text.append(contentsOf: separator.utf8)
            append(number, digits: 2)
        }
        text.append(contentsOf: " GMT".utf8)
        return text
    }

    static func string(_ seconds: Int) -> String {
        String(decoding: bytes(seconds), as: UTF8.self)
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
