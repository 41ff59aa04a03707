/// A time as clients see it: RFC 3339 in UTC with milliseconds.
struct Timestamp: Encodable {
    /// Since 1970.
    let milliseconds: Int64

    init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(_ milliseconds: Int64?) {
        guard let milliseconds else { return nil }
        self.milliseconds = milliseconds
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    private var text: String {
        let (second, fraction) = (milliseconds.flooredDivision(1000), milliseconds.remainder(1000))
        let (days, time) = (second.flooredDivision(86_400), second.remainder(86_400))
        // In eras of 400 years that begin on the first of March, so that a leap day is the last of its year.
        let (era, day) = ((days + 719_468).flooredDivision(146_097), (days + 719_468).remainder(146_097))
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let ofYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let ofMonth = ofYear - (153 * month + 2) / 5 + 1
        let calendar = (year: year + era * 400 + (month < 10 ? 0 : 1), month: month < 10 ? month + 3 : month - 9)
        let clock = [time / 3600, time / 60 % 60, time % 60].map { Self.digits($0, 2) }.joined(separator: ":")
        return "\(Self.digits(calendar.year, 4))-\(Self.digits(calendar.month, 2))-\(Self.digits(ofMonth, 2))T\(clock)"
            + ".\(Self.digits(fraction, 3))Z"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }
}

extension Int64 {
    fileprivate func flooredDivision(_ divisor: Int64) -> Int64 { (self - remainder(divisor)) / divisor }

    /// From 0 to below the divisor.
    fileprivate func remainder(_ divisor: Int64) -> Int64 { ((self % divisor) + divisor) % divisor }
}

extension Schema {
    /// As a ``Timestamp`` looks.
    static let time = Schema.string(format: "date-time")
}
