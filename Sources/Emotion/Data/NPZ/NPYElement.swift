/// The type of the elements of an array in npy format.
struct NPYElement: Equatable {
    enum Kind: Equatable {
        case bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64
        /// UTF-32, padded with zeros to a number of characters.
        case text(characters: Int)
        /// Bytes, padded with zeros to a number of bytes.
        case bytes(count: Int)
    }

    let kind: Kind
    let isBigEndian: Bool
    /// Bytes of an element.
    let size: Int

    /// Reads a descriptor such as `<f4`: byte order, kind, bytes (or characters).
    ///
    /// - Parameter name: of the array, for what to write in Python.
    init(descriptor: String, name: String = "x") throws(NPYHeader.Fault) {
        var rest = descriptor[...]
        var isBigEndian = false
        if let order = rest.first, "<>=|".contains(order) {
            isBigEndian = order == ">"
            rest.removeFirst()
        }
        let letter = rest.popFirst()
        // A width beyond the limit cannot be meant, and would overflow when it is multiplied.
        guard let letter, let width = Int(rest), (0...Self.widthLimit).contains(width) else {
            throw Self.unsupported(descriptor, letter, name: name)
        }
        (kind, size) =
            switch (letter, width) {
            case ("b", 1): (.bool, 1)
            case ("i", 1): (.int8, 1)
            case ("i", 2): (.int16, 2)
            case ("i", 4): (.int32, 4)
            case ("i", 8): (.int64, 8)
            case ("u", 1): (.uint8, 1)
            case ("u", 2): (.uint16, 2)
            case ("u", 4): (.uint32, 4)
            case ("u", 8): (.uint64, 8)
            case ("f", 2): (.float16, 2)
            case ("f", 4): (.float32, 4)
            case ("f", 8): (.float64, 8)
            case ("U", 1...): (.text(characters: width), 4 * width)
            case ("S", 1...): (.bytes(count: width), width)
            default: throw Self.unsupported(descriptor, letter, name: name)
            }
        self.isBigEndian = isBigEndian
    }

    private static let widthLimit = 1 << 24

    /// Why elements are not read, and what to do in NumPy.
    private static func unsupported(_ descriptor: String, _ letter: Character?, name: String) -> NPYHeader.Fault {
        let type = "elements of type '\(descriptor.prefix(32))'"
        let reason =
            switch letter {
            case "O":
                """
                is a pickle of Python objects, which could run any program and is never loaded; save text as \
                \(name).astype(str), numbers of one shape as numpy.stack(list(\(name))).astype('float32')
                """
            case "V" where descriptor.hasSuffix("V2"):
                "\(type) are not read; they probably are bfloat16: save \(name).astype('float32')"
            case "V": "\(type) are of no type of NumPy and not read; save \(name).astype('float32')"
            case "c": "\(type) are complex and not read; save numpy.abs(\(name)), or \(name).real and \(name).imag"
            case "M", "m": "\(type) are times and not read; save \(name).astype('int64')"
            case "f", "i", "u": "\(type) are not read; save \(name).astype('float32')"
            default: "\(type) are not read"
            }
        return NPYHeader.Fault(reason: reason)
    }

    var isNumeric: Bool {
        switch kind {
        case .text, .bytes: false
        default: true
        }
    }

    var isInteger: Bool {
        switch kind {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }

    /// Converts elements to float32, rounding to the nearest; what is too large becomes infinite.
    func convert(_ raw: UnsafeRawBufferPointer, to values: UnsafeMutableBufferPointer<Float>) {
        switch kind {
        case .bool: fill(values, from: raw, as: UInt8.self) { $0 == 0 ? 0 : 1 }
        case .int8: fill(values, from: raw, as: UInt8.self) { Float(Int8(bitPattern: $0)) }
        case .uint8: fill(values, from: raw, as: UInt8.self) { Float($0) }
        case .int16: fill(values, from: raw, as: UInt16.self) { Float(Int16(bitPattern: $0)) }
        case .uint16: fill(values, from: raw, as: UInt16.self) { Float($0) }
        case .int32: fill(values, from: raw, as: UInt32.self) { Float(Int32(bitPattern: $0)) }
        case .uint32: fill(values, from: raw, as: UInt32.self) { Float($0) }
        case .int64: fill(values, from: raw, as: UInt64.self) { Float(Int64(bitPattern: $0)) }
        case .uint64: fill(values, from: raw, as: UInt64.self) { Float($0) }
        case .float16: fill(values, from: raw, as: UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .float32: fill(values, from: raw, as: UInt32.self) { Float(bitPattern: $0) }
        case .float64: fill(values, from: raw, as: UInt64.self) { Float(Double(bitPattern: $0)) }
        case .text, .bytes: preconditionFailure("text has no numbers")
        }
    }

    @inline(__always)
    private func fill<Word: FixedWidthInteger>(
        _ values: UnsafeMutableBufferPointer<Float>,
        from raw: UnsafeRawBufferPointer,
        as type: Word.Type,
        _ convert: (Word) -> Float
    ) {
        let stride = MemoryLayout<Word>.size
        precondition(raw.count == values.count * stride, "one element per value")
        if isBigEndian {
            for index in values.indices {
                values[index] = convert(
                    Word(bigEndian: raw.loadUnaligned(fromByteOffset: index * stride, as: Word.self))
                )
            }
        } else {
            for index in values.indices {
                values[index] = convert(
                    Word(littleEndian: raw.loadUnaligned(fromByteOffset: index * stride, as: Word.self))
                )
            }
        }
    }

    /// One number as it is, for a message.
    func description(_ raw: UnsafeRawBufferPointer) -> String {
        if kind == .float64 {
            let bits = raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
            return "\(Double(bitPattern: isBigEndian ? UInt64(bigEndian: bits) : UInt64(littleEndian: bits)))"
        }
        if isInteger { return integerText(raw) }
        var value: Float = 0
        withUnsafeMutablePointer(to: &value) { convert(raw, to: UnsafeMutableBufferPointer(start: $0, count: 1)) }
        return "\(value)"
    }

    /// One element as text; nil when it holds no text, or a NUL before its end. Numbers come as written in decimal, floats
    /// not at all.
    ///
    /// - Parameter limit: a longer text is cut, to something that is still longer: characters, or bytes where these are kept.
    func string(_ raw: UnsafeRawBufferPointer, limit: Int) -> String? {
        switch kind {
        case .text:
            let words = (0..<size / 4).lazy.map { index in
                let word = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
            }
            // Texts are filled up with zeros.
            let count = (words.lastIndex { $0 != 0 } ?? -1) + 1
            var text = String.UnicodeScalarView()
            for word in words.prefix(min(count, limit + 1)) {
                guard word != 0, let scalar = Unicode.Scalar(word) else { return nil }
                text.append(scalar)
            }
            return String(text)
        case .bytes:
            let count = (raw.lastIndex { $0 != 0 } ?? -1) + 1
            let bytes = raw.prefix(min(count, limit + 1))
            if bytes.contains(0) { return nil }
            return count > limit ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: return integerText(raw)
        case .bool, .float16, .float32, .float64: return nil
        }
    }

    private func integerText(_ raw: UnsafeRawBufferPointer) -> String {
        var magnitude: UInt64 = 0
        for index in 0..<size {
            magnitude |= UInt64(raw[isBigEndian ? size - 1 - index : index]) << (8 * UInt64(index))
        }
        switch kind {
        case .int8, .int16, .int32, .int64:
            let shift = UInt64(64 - 8 * size)
            return String(Int64(bitPattern: magnitude << shift) >> Int64(shift))
        default: return String(magnitude)
        }
    }
}
