import HTTPTypes

/// The trace that a request belongs to, as its client's `traceparent` names it (W3C Trace Context §3.2).
package struct TraceID: Sendable, Equatable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Nil for a `traceparent` that is malformed. Of a later version what this one has is read.
    init?(traceparent bytes: some RandomAccessCollection<UInt8>) {
        func byte(_ offset: Int) -> UInt8 { bytes[bytes.index(bytes.startIndex, offsetBy: offset)] }
        /// The number in so many lowercase hexadecimal digits.
        func number(at offset: Int, digits: Int) -> UInt64? {
            var number: UInt64 = 0
            for index in offset..<offset + digits {
                switch byte(index) {
                case let digit where digit.isASCIIDigit: number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
                case let digit where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit):
                    number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
                default: return nil
                }
            }
            return number
        }
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, byte(2) == dash, byte(35) == dash, byte(52) == dash,
            let version = number(at: 0, digits: 2), version != 0xFF,
            bytes.count == 55 || (version > 0 && byte(55) == dash),
            let high = number(at: 3, digits: 16), let low = number(at: 19, digits: 16), high | low != 0,
            let parent = number(at: 36, digits: 16), parent != 0, number(at: 53, digits: 2) != nil
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    /// 32 lowercase hexadecimal digits.
    package var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    func append(to output: inout OutputBuffer) {
        output.append(word: high)
        output.append(word: low)
    }
}

extension RequestFields {
    /// Of the one `traceparent` there is; nil when there is none, or a malformed one, or several.
    var traceID: TraceID? {
        guard let range = valueRange(of: .traceparent), self[values: .traceparent].count == 1 else { return nil }
        return TraceID(traceparent: bytes[range])
    }
}
