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

    /// Seconds since 1970 of a date in one of the three forms of RFC 9110 §5.6.7; nil for anything else. Of the day of the
    /// week only its spelling matters.
    ///
    /// - Parameter now: seconds since 1970; decides on the century of a year of two digits.
    static func parse(_ text: String, now: Int) -> Int? {
        let forms = ["a, d b Y h:m:s GMT", "A, d-b-y h:m:s GMT", "a b e h:m:s Y"]
        return forms.lazy.compactMap { parse(text, $0, now) }.first
    }

    private static func parse(_ text: String, _ form: String, _ now: Int) -> Int? {
        var rest = text.utf8[...]
        var numbers: [Character: Int] = [:]
        for letter in form {
            switch letter {
            case "a": guard index(of: &rest, in: days) != nil else { return nil }
            case "A": guard index(of: &rest, in: longDays) != nil else { return nil }
            case "b": numbers["b"] = index(of: &rest, in: months)
            case "d", "h", "m", "s", "y": numbers[letter] = number(&rest, digits: 2)
            case "e" where rest.first == .space: numbers["d"] = number(&rest, digits: 1, after: 1)
            case "e": numbers["d"] = number(&rest, digits: 2)
            case "Y": numbers["Y"] = number(&rest, digits: 4)
            default: guard rest.popFirst() == letter.asciiValue else { return nil }
            }
        }
        guard rest.isEmpty, let month = numbers["b"], let day = numbers["d"], day > 0, let hour = numbers["h"],
            hour < 24,
            let minute = numbers["m"], minute < 60, let second = numbers["s"], second <= 60,
            let year = numbers["Y"] ?? numbers["y"].map({ fullYear($0, month, day, now) })
        else { return nil }
        var date = midnight(year, month, day)
        let seconds = timegm(&date)
        // A day that the month does not have has become one of the next.
        guard date.tm_mday == day else { return nil }
        return seconds + hour * 3600 + minute * 60 + second
    }

    private static func number(_ rest: inout Substring.UTF8View, digits: Int, after blanks: Int = 0) -> Int? {
        let text = rest.dropFirst(blanks).prefix(digits)
        guard text.count == digits, text.allSatisfy(\.isASCIIDigit) else { return nil }
        rest = rest.dropFirst(blanks + digits)
        return text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func index(of rest: inout Substring.UTF8View, in names: [String]) -> Int? {
        guard let index = names.firstIndex(where: { rest.starts(with: $0.utf8) }) else { return nil }
        rest = rest.dropFirst(names[index].utf8.count)
        return index
    }

    /// The next year with these last two digits, unless that is more than 50 years ahead: then the one a century before.
    private static func fullYear(_ digits: Int, _ month: Int, _ day: Int, _ now: Int) -> Int {
        var (time, parts) = (time_t(now), tm())
        gmtime_r(&time, &parts)
        let thisYear = Int(parts.tm_year) + 1900
        let year = thisYear + (digits + 100 - thisYear % 100) % 100
        var limit = midnight(year - 50, month, day)
        return timegm(&limit) > now ? year - 100 : year
    }

    private static func midnight(_ year: Int, _ month: Int, _ day: Int) -> tm {
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (Int32(year - 1900), Int32(month), Int32(day))
        return date
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
