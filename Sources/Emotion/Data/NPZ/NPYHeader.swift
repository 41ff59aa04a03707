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
    ///
    /// - Parameter name: of the array, for what to write in Python.
    init(_ bytes: [UInt8], name: String = "x") throws(Fault) {
        let start = bytes.count > 6 && bytes[6] == 1 ? 10 : Self.preambleSize
        guard bytes.count >= start else { throw Fault(reason: "the header is cut short") }
        guard case .dictionary(let members)? = PythonLiteral(bytes[start...]) else {
            throw Fault(reason: "the header is not a dictionary")
        }
        element = try Self.element(members["descr"], name: name)
        guard case .bool(let isFortranOrder)? = members["fortran_order"] else {
            throw Fault(reason: "the header does not say fortran_order")
        }
        self.isFortranOrder = isFortranOrder
        guard case .sequence(let extents)? = members["shape"], members.count == 3, extents.count <= Self.dimensionLimit
        else { throw Fault(reason: "the header has no shape, or more than a shape") }
        shape = try extents.map { extent throws(Fault) in
            guard case .integer(let number) = extent else { throw Fault(reason: "the shape is not made of integers") }
            guard let number, number >= 0 else { throw Fault(reason: "the shape is impossible") }
            return number
        }
        dataOffset = bytes.count
        var size = element.size
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflow else { throw Fault(reason: "the shape \(shape) is impossible") }
            size = product
        }
    }

    /// As many as NumPy had before version 2; splits need three.
    private static let dimensionLimit = 32

    private static func element(_ descriptor: PythonLiteral?, name: String) throws(Fault) -> NPYElement {
        switch descriptor {
        case .string(let descriptor): return try NPYElement(descriptor: descriptor, name: name)
        case .sequence:
            throw Fault(
                reason: "arrays with fields are not read; save numbers of one type: "
                    + "numpy.lib.recfunctions.structured_to_unstructured(\(name))")
        default: throw Fault(reason: "the header has no element type")
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
