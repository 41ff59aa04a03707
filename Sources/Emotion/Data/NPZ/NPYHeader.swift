/// The header of an array in NumPy's npy format, versions 1 to 3 (NEP 1; numpy.lib.format).
struct NPYHeader: Equatable {
    /// Why bytes are not a header this reader takes.
    struct Fault: Error, Equatable {
        let reason: String
    }

    let element: NPYElement
    /// Column-major: the first index runs fastest.
    let isFortranOrder: Bool
    let shape: [Int]
    /// Bytes from the start of the file to the first element.
    let dataOffset: Int

    /// Bytes that say how long the header is: magic, version, and a length of two or four bytes.
    static let preambleSize = 12
    /// The longest header that is read. NumPy writes well below 1 kB for arrays without fields.
    private static let sizeLimit = 65_536

    /// Elements of the array; the initialiser has checked that this does not overflow.
    var count: Int { shape.reduce(1, *) }
    /// Bytes of all elements; the initialiser has checked that this does not overflow.
    var byteCount: Int { count * element.size }

    /// Where the data starts, from the first ``preambleSize`` bytes of the file.
    static func dataOffset(preamble: [UInt8]) throws(Fault) -> Int {
        guard preamble.count >= 10, preamble[0] == 0x93, preamble[1..<6].elementsEqual("NUMPY".utf8) else {
            throw Fault(reason: "not an array in npy format")
        }
        let offset: Int
        switch preamble[6] {
        case 1: offset = 10 + Int(preamble[8]) + Int(preamble[9]) << 8
        case 2, 3:
            guard preamble.count >= preambleSize else { throw Fault(reason: "the header is cut short") }
            offset = preambleSize + (0..<4).reduce(0) { $0 + Int(preamble[8 + $1]) << (8 * $1) }
        default: throw Fault(reason: "version \(preamble[6]) of the npy format is not known")
        }
        guard offset >= preambleSize, offset <= sizeLimit else {
            throw Fault(reason: "the header is too long or too short")
        }
        return offset
    }

    /// Reads the whole header, from the first byte of the file to the first element.
    init(_ bytes: [UInt8]) throws(Fault) {
        let start = bytes.count > 6 && bytes[6] == 1 ? 10 : Self.preambleSize
        guard bytes.count >= start else { throw Fault(reason: "the header is cut short") }
        var reader = PythonLiteralReader(bytes[start...])
        guard case .dictionary(let members)? = reader.document() else {
            throw Fault(reason: "the header is not a dictionary")
        }
        guard case .string(let descriptor)? = members["descr"] else {
            throw Fault(reason: "the header has no simple element type; arrays with fields are not read")
        }
        guard case .bool(let isFortranOrder)? = members["fortran_order"] else {
            throw Fault(reason: "the header does not say fortran_order")
        }
        guard case .tuple(let shape)? = members["shape"], members.count == 3 else {
            throw Fault(reason: "the header has no shape, or more than a shape")
        }
        element = try NPYElement(descriptor: descriptor)
        self.isFortranOrder = isFortranOrder
        self.shape = shape
        dataOffset = bytes.count
        var size = element.size
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: max(extent, 1))
            guard extent >= 0, !overflow else { throw Fault(reason: "the shape \(shape) is impossible") }
            size = product
        }
    }

    /// The header of a little-endian C-ordered array, version 1, padded as NumPy does so that data starts at a multiple of 64.
    static func encode(descriptor: String, shape: [Int]) -> [UInt8] {
        let extents = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
        let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(extents), }"
        let size = (10 + text.utf8.count + 1 + 63) / 64 * 64
        let padding = String(repeating: " ", count: size - 10 - text.utf8.count - 1)
        let length = size - 10
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
            + Array((text + padding + "\n").utf8)
    }
}

/// Reads the literal of a Python dictionary with strings, truth values and tuples of integers, which is all that a header
/// holds. Anything else, or an unfinished text, is nil.
private struct PythonLiteralReader {
    enum Value {
        case string(String)
        case bool(Bool)
        case tuple([Int])
        case dictionary([String: Value])
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func document() -> Value? {
        guard take("{") else { return nil }
        var members: [String: Value] = [:]
        while !take("}") {
            guard let key = string(), members[key] == nil, take(":"), let value = value() else { return nil }
            members[key] = value
            if take(",") { continue }
            guard take("}") else { return nil }
            break
        }
        skipSpace()
        return rest.isEmpty ? .dictionary(members) : nil
    }

    private mutating func value() -> Value? {
        if takeWord("True") { return .bool(true) }
        if takeWord("False") { return .bool(false) }
        if take("(") { return tuple() }
        return string().map(Value.string)
    }

    private mutating func tuple() -> Value? {
        var extents: [Int] = []
        while !take(")") {
            guard extents.count < 32, let extent = integer() else { return nil }
            extents.append(extent)
            if take(",") { continue }
            guard take(")") else { return nil }
            break
        }
        return .tuple(extents)
    }

    /// Python 2 wrote a long integer with an L behind it.
    private mutating func integer() -> Int? {
        skipSpace()
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "-") }
        rest = rest.dropFirst(digits.count)
        _ = takeWord("L")
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private mutating func string() -> String? {
        skipSpace()
        guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let text = rest.dropFirst().prefix { $0 != quote && $0 != UInt8(ascii: "\\") }
        rest = rest.dropFirst(1 + text.count)
        guard rest.first == quote else { return nil }
        rest = rest.dropFirst()
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool { takeWord(String(character)) }

    private mutating func takeWord(_ word: String) -> Bool {
        skipSpace()
        guard rest.starts(with: word.utf8) else { return false }
        rest = rest.dropFirst(word.utf8.count)
        return true
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }
}
