/// What a `Range` field wants of so many bytes (RFC 9110 §14.1.2).
enum ByteRange: Equatable, Sendable {
    /// All of it: the field is invalid, of another unit, or has several ranges, and does not count then (§14.2).
    case whole
    case part(Range<Int>)
    /// Nothing of what is wanted is there.
    case unsatisfiable

    init(_ field: String, size: Int) {
        self = Self.parse(field.utf8[...], size) ?? .whole
    }

    /// `bytes=first-`, `bytes=first-last` or `bytes=-count`; nil for anything else.
    private static func parse(_ field: Substring.UTF8View, _ size: Int) -> ByteRange? {
        let unit = field.prefix { $0 != UInt8(ascii: "=") }
        guard unit.count < field.count, Array(unit).map(\.asciiLowercased).elementsEqual("bytes".utf8) else {
            return nil
        }
        let ranges = field[unit.endIndex...].dropFirst().split(separator: UInt8(ascii: ",")).map(trimmed)
            .filter { !$0.isEmpty }
        guard ranges.count == 1 else { return nil }
        let ends = ranges[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }) else { return nil }
        switch (number(ends[0]), number(ends[1])) {
        case (nil, nil): return nil
        case (nil, 0): return .unsatisfiable
        // The end of nothing is all of it: Content-Range could not tell which bytes they are.
        case (nil, let count?): return size == 0 ? .whole : .part(max(0, size - count)..<size)
        case (let first?, let last?) where last < first: return nil
        case (let first?, let last):
            return first < size ? .part(first..<min(last ?? size, size - 1) + 1) : .unsatisfiable
        }
    }

    /// Nil for no digits; what is larger than any file becomes the largest number.
    private static func number(_ digits: Substring.UTF8View) -> Int? {
        digits.isEmpty ? nil : Int(Substring(digits)) ?? .max
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text.drop(while: \.isBlank)
        while text.last?.isBlank ?? false { text.removeLast() }
        return text
    }
}
