/// Builds zip archives byte by byte, so that tests can make files that no library would write.
struct ZipBytes {
    /// An entry; what is not given is made up truthfully.
    struct Entry {
        var name: [UInt8]
        /// As it lies in the file: compressed when the method says so.
        var data: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0
        var size: UInt64?
        var crc: UInt32?
        /// Whether sizes stand in the zip64 extra field.
        var isZip64 = false

        init(_ name: String, _ data: [UInt8]) {
            self.name = Array(name.utf8)
            self.data = data
        }
    }

    static func make(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = bytes.count
            let crc = entry.crc ?? checksum(entry.data)
            let size = entry.size ?? UInt64(entry.data.count)
            var common: [UInt8] = []
            common += little(UInt16(entry.isZip64 ? 45 : 20)) + little(entry.flags) + little(entry.method)
            common += little(UInt16(0)) + little(UInt16(33)) + little(crc)
            let extra =
                entry.isZip64
                ? little(UInt16(1)) + little(UInt16(16)) + little(size) + little(UInt64(entry.data.count)) : []
            common += little(entry.isZip64 ? .max : UInt32(entry.data.count))
            common += little(entry.isZip64 ? .max : UInt32(size))
            common += little(UInt16(entry.name.count)) + little(UInt16(extra.count))
            bytes += little(UInt32(0x0403_4B50)) + common + entry.name + extra + entry.data
            directory += little(UInt32(0x0201_4B50)) + little(UInt16(45)) + common
            directory += [UInt8](repeating: 0, count: 10) + little(UInt32(offset)) + entry.name + extra
        }
        let count = UInt16(entries.count)
        return bytes + directory + little(UInt32(0x0605_4B50)) + little(UInt32(0)) + little(count) + little(count)
            + little(UInt32(directory.count)) + little(UInt32(bytes.count)) + little(UInt16(0))
    }

    static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// CRC-32 of zip, bit by bit.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }
}

/// Arrays in npy format, byte by byte.
enum NPYBytes {
    static func make(_ header: String, version: UInt8 = 1, _ data: [UInt8]) -> [UInt8] {
        let text = Array(header.utf8) + [0x0A]
        let length = version == 1 ? ZipBytes.little(UInt16(text.count)) : ZipBytes.little(UInt32(text.count))
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
    }

    static func make(_ descriptor: String, _ shape: String, fortran: Bool = false, _ data: [UInt8]) -> [UInt8] {
        let order = fortran ? "True" : "False"
        return make("{'descr': '\(descriptor)', 'fortran_order': \(order), 'shape': \(shape), }", data)
    }

    /// Float32, little-endian, row-major.
    static func floats(_ shape: [Int], _ values: [Float]) -> [UInt8] {
        let extents = "(" + shape.map { "\($0)," }.joined() + ")"
        return make("<f4", extents, values.flatMap { ZipBytes.little($0.bitPattern) })
    }
}
