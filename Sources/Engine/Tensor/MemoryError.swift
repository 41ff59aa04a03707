import Foundation

/// Memory that a computation needs and cannot have.
package struct MemoryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What needs it, as the subject of a sentence.
    package let purpose: String
    /// In bytes.
    package let needed: Int
    package let available: Int

    package init(purpose: String, needed: Int, available: Int) {
        (self.purpose, self.needed, self.available) = (purpose, needed, available)
    }

    package var description: String {
        "\(purpose) needs about \(Self.describe(needed)) of memory, \(Self.describe(available)) are available"
    }

    /// In the largest unit of 1024 that leaves at least 1.
    static func describe(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), "bytes")
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, next) }
        return unit == "bytes" ? "\(bytes) bytes" : String(format: "%.1f %@", value, unit)
    }
}
