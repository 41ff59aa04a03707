/// Finds where a text stops being JSON (RFC 8259), for the message about a document that simdjson refused without saying
/// where. Reads once from front to back and keeps nothing but the open brackets.
struct JSONScanner {
    /// The first byte that is wrong, from 0, and why.
    struct Fault: Error, Equatable {
        let offset: Int
        let reason: String
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The first fault, nil when the text is JSON throughout and every number fits 64 bits.
    static func fault(in bytes: UnsafeRawBufferPointer) -> Fault? {
        var scanner = JSONScanner(bytes: bytes)
        do throws(Fault) {
            try scanner.scanDocument()
            return nil
        } catch {
            return error
        }
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func scanDocument() throws(Fault) {
        var open: [UInt8] = []
        repeat {
            skipSpace()
            // A value is due here; an open bracket starts an inner one.
            switch current {
            case UInt8(ascii: "["):
                offset += 1
                skipSpace()
                if current != UInt8(ascii: "]") {
                    open.append(UInt8(ascii: "]"))
                    continue
                }
                offset += 1
            case UInt8(ascii: "{"):
                offset += 1
                skipSpace()
                if current != UInt8(ascii: "}") {
                    open.append(UInt8(ascii: "}"))
                    try scanKey()
                    continue
                }
                offset += 1
            case UInt8(ascii: "\""): try scanString()
            case UInt8(ascii: "t"): try scanWord("true")
            case UInt8(ascii: "f"): try scanWord("false")
            case UInt8(ascii: "n"): try scanWord("null")
            case nil: throw fault("the text ends where a value is due")
            case let byte?:
                guard byte == UInt8(ascii: "-") || Self.digits ~= byte else { throw fault("a value is due here") }
                try scanNumber()
            }
            skipSpace()
            while let bracket = open.last, current == bracket {
                open.removeLast()
                offset += 1
                skipSpace()
            }
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

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func fault(_ reason: String) -> Fault { Fault(offset: offset, reason: reason) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func scanKey() throws(Fault) {
        guard current == UInt8(ascii: "\"") else { throw fault("a name in quotes is due here") }
        try scanString()
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw fault("':' is due here") }
        offset += 1
    }

    private mutating func scanWord(_ word: StaticString) throws(Fault) {
        let start = offset
        for index in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[index] else {
                throw Fault(offset: start, reason: "a value is due here")
            }
            offset += 1
        }
    }

    private mutating func scanString() throws(Fault) {
        let start = offset
        offset += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                guard String(validating: bytes[start..<offset], as: UTF8.self) != nil else {
                    throw Fault(offset: start, reason: "the string is not valid UTF-8")
                }
                offset += 1
                return
            case UInt8(ascii: "\\"): try scanEscape()
            case 0..<0x20: throw fault("a control character in a string is written as an escape")
            default: offset += 1
            }
        }
        throw Fault(offset: start, reason: "the string has no end")
    }

    private mutating func scanEscape() throws(Fault) {
        offset += 1
        guard let byte = current, "\"\\/bfnrtu".utf8.contains(byte) else { throw fault("no such escape") }
        offset += 1
        guard byte == UInt8(ascii: "u") else { return }
        for _ in 0..<4 {
            guard let digit = current, Character(Unicode.Scalar(digit)).isHexDigit else {
                throw fault("\\u is followed by four hexadecimal digits")
            }
            offset += 1
        }
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
        if current == UInt8(ascii: ".") {
            whole = false
            offset += 1
            _ = try scanDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            _ = try scanDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        let fits = whole ? Int64(text) != nil || UInt64(text) != nil : Double(text)?.isFinite ?? false
        if !fits { throw Fault(offset: start, reason: "the number does not fit 64 bits") }
    }

    private mutating func scanDigits() throws(Fault) -> Int {
        let start = offset
        while let byte = current, Self.digits ~= byte { offset += 1 }
        if offset == start { throw fault("a digit is due here") }
        return offset - start
    }
}
