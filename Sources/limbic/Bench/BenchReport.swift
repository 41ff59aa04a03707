import ArgumentParser
import Foundation

/// How a measurement is printed.
struct BenchReport: ParsableArguments {
    @Flag(help: "Print one JSON object.")
    var json = false

    func print(_ members: [(String, JSONText)]) throws {
        if json { return try StandardOutput.write(JSONText.object(members).text + "\n") }
        var table = TextTable()
        var parts = ""
        for (name, value) in members {
            switch value {
            case .array(let values) where values.contains(where: { if case .object = $0 { true } else { false } }):
                parts += Self.table(name, values)
            case .string(let text): table.add([name, text])
            case .number(let number): table.add([name, Readable.rounded(number)])
            case .integer(let number) where name.hasSuffix("_bytes"): table.add([name, Readable.bytes(Double(number))])
            default: table.add([name, value.text])
            }
        }
        try StandardOutput.write(table.text + parts)
    }

    /// A list of objects with the same members, a row each.
    private static func table(_ name: String, _ values: [JSONText]) -> String {
        var table = TextTable()
        for (index, value) in values.enumerated() {
            guard case .object(let members) = value else { continue }
            if index == 0 { table.add(members.map(\.0)) }
            table.add(
                members.map { member in
                    switch member.1 {
                    case .number(let number): Readable.rounded(number)
                    case .string(let text): text
                    default: member.1.text
                    }
                }
            )
        }
        return "\n\(name)\n\(table.text)"
    }
}

/// How long each repetition of something took.
struct Timings {
    private(set) var seconds: [Double] = []

    init() {}

    init(seconds: [Double]) { self.seconds = seconds }

    mutating func add(_ time: Duration) { seconds.append(time / .seconds(1)) }

    /// Runs `body` `warmup` times unmeasured and then `steps` times measured.
    static func measure(steps: Int, warmup: Int, _ body: () throws -> Void) rethrows -> Timings {
        for _ in 0..<warmup { try body() }
        var timings = Timings()
        for _ in 0..<steps {
            let start = ContinuousClock.now
            try body()
            timings.seconds.append((ContinuousClock.now - start) / .seconds(1))
        }
        return timings
    }

    var total: Double { seconds.reduce(0, +) }

    /// The smallest time that at least the share `quantile` of all do not exceed, in milliseconds (nearest rank).
    func milliseconds(_ quantile: Double) -> Double {
        guard !seconds.isEmpty else { return .nan }
        let rank = Int((quantile * Double(seconds.count)).rounded(.up))
        return seconds.sorted()[min(max(rank, 1), seconds.count) - 1] * 1000
    }

    /// With the name of what was timed in front.
    func report(as name: String) -> [(String, JSONText)] {
        [
            ("\(name)_p50_ms", .number(milliseconds(0.5))), ("\(name)_p95_ms", .number(milliseconds(0.95))),
            ("\(name)_p99_ms", .number(milliseconds(0.99))),
        ]
    }

    var report: [(String, JSONText)] {
        [
            ("p50_ms", .number(milliseconds(0.5))), ("p99_ms", .number(milliseconds(0.99))),
        ]
    }
}

/// The memory of this process.
enum ProcessMemory {
    /// The most that was resident so far, in bytes: VmHWM of Linux. Nil where the system does not tell.
    static var peakBytes: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int($0)
            })
        else { return nil }
        return kilobytes * 1024
    }

    static var report: (String, JSONText) { ("peak_memory_bytes", peakBytes.map(JSONText.integer) ?? .null) }
}
