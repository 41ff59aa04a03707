/// Reads the subset of JSON that a safetensors header is made of, strictly and without recursion on the input.
///
/// General JSON decoders forget duplicate keys, which decide here what a file means.
struct SafetensorsScanner {
    let file: String
    /// The tensor being read, named by errors.
    var tensor: String?
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(file: String, bytes: UnsafeRawBufferPointer) {
        self.file = file
        self.bytes = bytes
    }

    func fault(_ reason: String) -> SafetensorsError {
        SafetensorsError(file: file, tensor: tensor, reason: reason)
    }

    /// Reads an object; `value` is called after each key and must read the key's value.
    mutating func object(
        _ value: (inout SafetensorsScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try value(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// Reads an array of integers that fit into Int and are not negative.
    mutating func integers() throws(SafetensorsError) -> [Int] {
        var result: [Int] = []
        try expect("[")
        if skip("]") { return result }
        repeat {
            result.append(try integer())
        } while skip(",")
        try expect("]")
        return result
    }

    /// Reads a string.
    mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while true {
            let byte = try next()
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: content, as: UTF8.self) else {
                    throw fault("has a string in its header that is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                content.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20:
                throw unexpected()
            default:
                content.append(byte)
            }
        }
    }

    /// Only white space may be left.
    mutating func end() throws(SafetensorsError) {
        skipSpace()
        guard position == bytes.count else {
            position += 1
            throw unexpected()
        }
    }

    private mutating func integer() throws(SafetensorsError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = Int(bytes[position]) - 0x30, (0..<10).contains(digit) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw fault("has an integer in its header that exceeds 63 bits") }
            value = sum
            position += 1
        }
        guard position > start, position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            position = start + 1
            throw unexpected()
        }
        return value
    }

    /// Reads an escape sequence after its backslash.
    private mutating func escape() throws(SafetensorsError) -> Unicode.Scalar {
        switch try next() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var value = try fourHexadecimalDigits()
            if 0xD800..<0xDC00 ~= value {
                guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else { throw unexpected() }
                let low = try fourHexadecimalDigits()
                guard 0xDC00..<0xE000 ~= low else { throw unexpected() }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw unexpected() }
            return scalar
        default:
            throw unexpected()
        }
    }

    private mutating func fourHexadecimalDigits() throws(SafetensorsError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else { throw unexpected() }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func next() throws(SafetensorsError) -> UInt8 {
        guard position < bytes.count else {
            position += 1
            throw unexpected()
        }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        guard skip(character) else {
            position += 1
            throw unexpected()
        }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    /// The byte just passed may not stand where it stands, or the header ended.
    private func unexpected() -> SafetensorsError {
        guard position <= bytes.count else { return fault("has a header that ends in the middle") }
        return fault("has a malformed header at byte \(position - 1)")
    }
}
