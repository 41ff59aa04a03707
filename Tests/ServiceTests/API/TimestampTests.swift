import Foundation
import JSON
import Testing

@testable import Service

struct TimestampTests {
    @Test func writesTimesAsFoundationDoes() throws {
        var times: [Int64] = [
            0, -1, 1, 999, 1000, 951_782_399_999, 951_782_400_000, 253_402_300_799_999,
        ]
        times += (0..<3000).map { $0 * 86_399_999_977 - 12_000_000_000_000 }
        for time in times {
            // In whole seconds, as its milliseconds are those of a floating-point number.
            let second = (Double(time) / 1000).rounded(.down)
            let whole = Date(timeIntervalSince1970: second).formatted(.iso8601).dropLast()
            let fraction = String(1000 + time - Int64(second) * 1000).dropFirst()
            let expected = "\(whole).\(fraction)Z"
            #expect(
                String(decoding: try JSONDocumentEncoder.encode(Timestamp(time)), as: UTF8.self) == "\"\(expected)\"")
        }
    }
}
