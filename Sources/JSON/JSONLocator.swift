/// Finds out why simdjson refused a text, which it does not say: where the text stops being JSON (RFC 8259), or which of its
/// numbers do not fit 64 bits. Reads once from front to back and keeps nothing but the open brackets.
struct JSONLocator {
    /// The first byte that is wrong, from 0, and why.
    struct Fault: Error, Equatable {
        let offset: Int
        let reason: String
        /// Whether the text is JSON, and only nested deeper than allowed.
        var isDepth = false
    }

    /// A number that is well-formed and fits neither an integer nor a double of 64 bits.
    struct Number {
        /// Among the numbers of the text, from 0.
        let ordinal: Int
        let range: Range<Int>
        /// The nearest double, infinite when it is too large for one.
        let value: Double
    }

    struct Findings {
        /// nil when the text is JSON throughout.
        var fault: Fault?
        var numbers: [Number] = []
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private let bytes: UnsafeRawBufferPointer
    private let depth: Int
    private let refusesDuplicates: Bool
    private var offset = 0
    private var numberCount = 0
    private var numbers: [Number] = []
    /// The brackets that are due, innermost last.
    private var open: [UInt8] = []
    /// Names so far, of each open bracket; empty unless duplicates are looked for.
    private var names: [Set<String>] = []

    static func findings(in bytes: UnsafeRawBufferPointer, depth: Int) -> Findings {
        var locator = JSONLocator(bytes: bytes, depth: depth, refusesDuplicates: false)
        let fault = locator.scan()
        return Findings(fault: fault, numbers: locator.numbers)
    }

    /// The first member of an object whose name has come before; of a text that is JSON.
    static func duplicateMember(in bytes: UnsafeRawBufferPointer) -> Fault? {
        var locator = JSONLocator(bytes: bytes, depth: .max, refusesDuplicates: true)
        return locator.scan()
    }

    private init(bytes: UnsafeRawBufferPointer, depth: Int, refusesDuplicates: Bool) {
        self.bytes = bytes
        self.depth = depth
        self.refusesDuplicates = refusesDuplicates
    }

    private mutating func scan() -> Fault? {
        do throws(Fault) {
            try scanDocument()
            return nil
        } catch {
            return error
        }
    }

    private mutating func scanDocument() throws(Fault) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault("the text begins with a byte-order mark") }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw fault("the text is UTF-16, where JSON is UTF-8")
        }
        repeat {
            skipSpace()
            // A value is due here; an open bracket starts an inner one.
            switch current {
            case UInt8(ascii: "["):
                if try opens("]") { continue }
            case UInt8(ascii: "{"):
                if try opens("}") {
                    try scanKey()
                    continue
                }
            case UInt8(ascii: "\""): _ = try scanString()
            case UInt8(ascii: "t"): try scanWord("true")
            case UInt8(ascii: "f"): try scanWord("false")
            case UInt8(ascii: "n"): try scanWord("null")
            case nil: throw fault("the text ends where a value is due")
            case let byte?:
                if isNonfinite { throw fault(Self.nonfinite) }
                guard byte == UInt8(ascii: "-") || Self.digits ~= byte else { throw fault("a value is due here") }
                try scanNumber()
            }
            skipSpace()
            while let bracket = open.last, current == bracket { close() }
            guard let bracket = open.last else { break }
            guard current == UInt8(ascii: ",") else {
                let close = Character(Unicode.Scalar(bracket))
                throw fault(current == nil ? "the text ends before '\(close)'" : "',' or '\(close)' is due here")
            }
            offset += 1
            if bracket == UInt8(ascii: "}") {
                skipSpace()
                try scanKey()
            }
        } while true
        if current != nil { throw fault("nothing may follow the document") }
    }

    /// Passes over an opening bracket; false when `bracket` closes it at once.
    private mutating func opens(_ bracket: Unicode.Scalar) throws(Fault) -> Bool {
        let start = offset
        offset += 1
        open.append(UInt8(ascii: bracket))
        if refusesDuplicates { names.append([]) }
        skipSpace()
        guard current == UInt8(ascii: bracket) else {
            guard open.count <= depth else {
                throw Fault(offset: start, reason: "nested deeper than \(depth) levels", isDepth: true)
            }
            return true
        }
        close()
        return false
    }

    private mutating func close() {
        open.removeLast()
        if refusesDuplicates { names.removeLast() }
        offset += 1
        skipSpace()
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func fault(_ reason: String) -> Fault { Fault(offset: offset, reason: reason) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func scanKey() throws(Fault) {
        guard current == UInt8(ascii: "\"") else { throw fault("a name in quotes is due here") }
        let start = offset
        let range = try scanString()
        if refusesDuplicates {
            let name = unescaped(range)
            guard names[names.count - 1].insert(name).inserted else {
                throw Fault(offset: start, reason: "the member \"\(name)\" comes twice")
            }
        }
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw fault("':' is due here") }
        offset += 1
    }

    private static let nonfinite = "JSON has no NaN and no infinity; null stands for what is no number"

    /// Whether what comes is written as programs write a number that is not finite.
    private var isNonfinite: Bool {
        let word = bytes[offset...].drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.prefix(3)
        return ["nan", "inf"].contains(String(decoding: word, as: UTF8.self).lowercased())
    }

    private mutating func scanWord(_ word: StaticString) throws(Fault) {
        let start = offset
        for index in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[index] else {
                offset = start
                throw fault(isNonfinite ? Self.nonfinite : "a value is due here")
            }
            offset += 1
        }
    }

    /// Where the string is, without its quotes.
    private mutating func scanString() throws(Fault) -> Range<Int> {
        let start = offset
        offset += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                guard String(validating: bytes[start..<offset], as: UTF8.self) != nil else {
                    throw Fault(offset: start, reason: "the string is not valid UTF-8")
                }
                offset += 1
                return start + 1..<offset - 1
            case UInt8(ascii: "\\"): try scanEscape()
            case 0..<0x20: throw fault("a control character in a string is written as an escape")
            default: offset += 1
            }
        }
        throw Fault(offset: start, reason: "the string has no end")
    }

    private mutating func scanEscape() throws(Fault) {
        let start = offset
        offset += 1
        guard let byte = current, "\"\\/bfnrtu".utf8.contains(byte) else { throw fault("no such escape") }
        offset += 1
        guard byte == UInt8(ascii: "u") else { return }
        let first = try scanCodeUnit()
        guard 0xD800..<0xE000 ~= first else { return }
        let half = Fault(offset: start, reason: "half of a surrogate pair")
        guard first < 0xDC00, current == UInt8(ascii: "\\"), offset + 1 < bytes.count,
            bytes[offset + 1] == UInt8(ascii: "u")
        else { throw half }
        offset += 2
        guard 0xDC00..<0xE000 ~= (try scanCodeUnit()) else { throw half }
    }

    private mutating func scanCodeUnit() throws(Fault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw fault("\\u is followed by four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }

    /// The text of a string that was scanned.
    private func unescaped(_ range: Range<Int>) -> String {
        guard bytes[range].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[range], as: UTF8.self) }
        let parser = JSONParser(capacity: range.count + 2, depth: 0)
        let quoted = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound - 1..<range.upperBound + 1])
        return (try? parser.parse(quoted) { $0.string }) ?? ""
    }

    private mutating func scanNumber() throws(Fault) {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        let first = current
        let digits = try scanDigits()
        if first == UInt8(ascii: "0"), digits > 1 {
            throw Fault(offset: start, reason: "a number does not start with 0 and another digit")
        }
        var whole = true
        var exponentDigits = 0
        if current == UInt8(ascii: ".") {
            whole = false
            offset += 1
            _ = try scanDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            exponentDigits = try scanDigits()
        }
        defer { numberCount += 1 }
        // Nearly all numbers fit by their length alone: less than 10¹⁸, and 10²⁰⁰ · 10⁹⁹.
        if digits <= (whole ? 18 : 200), exponentDigits <= 2 { return }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        let value = Double(text) ?? .infinity
        guard whole ? Int64(text) == nil && UInt64(text) == nil : !value.isFinite else { return }
        numbers.append(Number(ordinal: numberCount, range: start..<offset, value: value))
    }

    private mutating func scanDigits() throws(Fault) -> Int {
        let start = offset
        while let byte = current, Self.digits ~= byte { offset += 1 }
        if offset == start { throw fault("a digit is due here") }
        return offset - start
    }
}
