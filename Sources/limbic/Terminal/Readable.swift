import Foundation

/// Numbers as people read them.
enum Readable {
    /// With a fixed number of decimals.
    static func decimal(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }

    /// With about three significant digits.
    static func rounded(_ value: Double) -> String {
        decimal(value, abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3)
    }

    /// `0:07`, `12:30` or `3:05:00`.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "-:--" }
        let whole = Int(min(seconds, 1e9).rounded())
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }

    /// In the largest unit of 1024 that leaves at least 1.
    static func bytes(_ count: Double) -> String {
        var (value, unit) = (count, "B")
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, next) }
        return "\(unit == "B" ? decimal(value, 0) : rounded(value)) \(unit)"
    }
}
