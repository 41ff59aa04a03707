import Foundation

/// The identifier that the linker gives a program: a digest of its contents (`NT_GNU_BUILD_ID`, man 5 elf).
package enum BuildID {
    /// Type of the note, in notes of the owner `GNU`.
    private static let noteType: UInt32 = 3
    private static let owner = Array("GNU\0".utf8)
    /// Type of the segments with notes.
    private static let segmentType: UInt32 = 4
    /// Larger segments hold other things.
    private static let maxSegmentSize: UInt64 = 1 << 16

    /// That of the program that asks.
    package static let own: String? = {
        let descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(from: descriptor)
    }()

    /// Hexadecimal digits, or nil for a file without one.
    static func read(from descriptor: Int32) -> String? {
        // Elf64_Ehdr and Elf64_Phdr, in the byte order of this machine.
        guard let header = bytes(64, at: 0, of: descriptor), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2]) else {
            return nil
        }
        let table: UInt64 = load(header, 32)
        let (entrySize, count): (UInt16, UInt16) = (load(header, 54), load(header, 56))
        guard entrySize >= 56 else { return nil }
        for index in 0..<UInt64(count) {
            guard let entry = bytes(56, at: table &+ index * UInt64(entrySize), of: descriptor) else { return nil }
            let (type, offset, size): (UInt32, UInt64, UInt64) = (load(entry, 0), load(entry, 8), load(entry, 32))
            guard type == segmentType, size <= maxSegmentSize,
                let notes = bytes(Int(size), at: offset, of: descriptor), let id = identifier(in: notes)
            else { continue }
            return id
        }
        return nil
    }

    private static func identifier(in notes: [UInt8]) -> String? {
        var place = 0
        while place + 12 <= notes.count {
            let (nameSize, size, type): (UInt32, UInt32, UInt32) =
                (load(notes, place), load(notes, place + 4), load(notes, place + 8))
            let start = place + 12 + (Int(nameSize) + 3) / 4 * 4
            let end = start + Int(size)
            guard end <= notes.count else { return nil }
            if type == noteType, notes[(place + 12)..<start].elementsEqual(owner) {
                return notes[start..<end].map { byte in
                    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
                }.joined()
            }
            place = start + (Int(size) + 3) / 4 * 4
        }
        return nil
    }

    private static func load<Number: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Number {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }

    private static func bytes(_ count: Int, at offset: UInt64, of descriptor: Int32) -> [UInt8]? {
        guard offset <= UInt64(Int32.max) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, Int(offset)) == count ? bytes : nil
    }
}
