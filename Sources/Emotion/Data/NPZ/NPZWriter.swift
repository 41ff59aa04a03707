import Foundation
import Platform

/// Writes arrays in npz format, as NumPy reads them: to a file, which appears whole when ``close()`` succeeds, or to memory.
package final class NPZWriter {
    /// Where the file appears, and where it is written before; nil for an archive in memory.
    private let destination: (path: String, temporary: String)?
    private let file: String
    private let writer: ZipWriter
    private let deflated: Bool

    /// - Parameter deflated: whether entries are compressed; features of real recordings shrink little.
    package init(path: String, deflated: Bool = true) throws(NPZError) {
        let file = (path as NSString).lastPathComponent
        let temporary = WholeFile.temporaryPath(for: path)
        do throws(ZipFailure) {
            writer = try ZipWriter(path: temporary)
        } catch {
            throw NPZError(.cannotWrite, file: file, reason: error.reason)
        }
        destination = (path, temporary)
        self.file = file
        self.deflated = deflated
    }

    /// Writes to memory: ``bytes()`` gives the archive, whose entries are stored.
    package init() throws(NPZError) {
        (destination, file, deflated) = (nil, "archive", false)
        do throws(ZipFailure) { writer = try ZipWriter() } catch {
            throw NPZError(.cannotWrite, file: file, reason: error.reason)
        }
    }

    package func add(_ name: String, shape: [Int], _ values: [Float]) throws(NPZError) {
        try add(name, descriptor: "<f4", shape: shape, words: values.map(\.bitPattern))
    }

    package func add(_ name: String, shape: [Int], _ values: [Int32]) throws(NPZError) {
        try add(name, descriptor: "<i4", shape: shape, words: values)
    }

    package func add(_ name: String, shape: [Int], _ values: [UInt8]) throws(NPZError) {
        try add(name, descriptor: "|u1", shape: shape, words: values)
    }

    /// Adds an array [N] of text.
    package func add(_ name: String, _ texts: [String]) throws(NPZError) {
        let width = max(texts.map(\.unicodeScalars.count).max() ?? 0, 1)
        let words = texts.flatMap { text in
            let scalars = text.unicodeScalars.map(\.value)
            return scalars + [UInt32](repeating: 0, count: width - scalars.count)
        }
        let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
        try add(name, descriptor: "<U\(width)", shape: [texts.count], elementSize: 4 * width) { buffer, position in
            buffer.copyBytes(from: bytes[position..<position + buffer.count])
        }
    }

    /// Adds a float32 array [rows, …] whose rows are made when the file is written, so that it never lies in memory.
    ///
    /// - Parameter row: makes a row of `shape[1] · shape[2] · …` numbers; called in order, perhaps more than once for a row.
    package func add(_ name: String, shape: [Int], row: @escaping (Int) -> [Float]) throws(NPZError) {
        let width = shape.dropFirst().reduce(1, *) * MemoryLayout<Float>.size
        var current: (index: Int, values: [Float])?
        try add(name, descriptor: "<f4", shape: shape, elementSize: MemoryLayout<Float>.size) { buffer, position in
            var filled = 0
            while filled < buffer.count {
                let index = (position + filled) / width
                let offset = (position + filled) % width
                if current?.index != index { current = (index, row(index)) }
                let count = min(width - offset, buffer.count - filled)
                current?.values.withUnsafeBytes { bytes in
                    buffer[filled..<filled + count].copyBytes(from: bytes[offset..<offset + count])
                }
                filled += count
            }
        }
    }

    /// Writes the file, and does not return before it survives the machine.
    ///
    /// - Precondition: it is written to a file.
    package func close() throws(NPZError) {
        guard let (path, temporary) = destination else { preconditionFailure("the archive is in memory") }
        do throws(ZipFailure) {
            try writer.close()
        } catch {
            throw NPZError(.cannotWrite, file: file, reason: error.reason)
        }
        do throws(SystemError) {
            // libzip renames its file without waiting for the disk.
            try Files.sync(temporary)
            try Files.move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw NPZError(.cannotWrite, file: file, reason: error.reason)
        }
    }

    /// The archive, once all arrays are added.
    ///
    /// - Precondition: it is written to memory.
    package func bytes() throws(NPZError) -> [UInt8] {
        do throws(ZipFailure) { return try writer.bytes() } catch {
            throw NPZError(.cannotWrite, file: file, reason: error.reason)
        }
    }

    private func add<Word: FixedWidthInteger>(
        _ name: String,
        descriptor: String,
        shape: [Int],
        words: [Word]
    ) throws(NPZError) {
        precondition(words.count == shape.reduce(1, *), "values fill the shape")
        let ordered = words.map(\.littleEndian)
        try add(name, descriptor: descriptor, shape: shape, elementSize: MemoryLayout<Word>.size) { buffer, position in
            ordered.withUnsafeBytes { buffer.copyBytes(from: $0[position..<position + buffer.count]) }
        }
    }

    private func add(
        _ name: String,
        descriptor: String,
        shape: [Int],
        elementSize: Int,
        data: @escaping (UnsafeMutableRawBufferPointer, Int) -> Void
    ) throws(NPZError) {
        let header = NPYHeader.encode(descriptor: descriptor, shape: shape)
        let size = header.count + shape.reduce(elementSize, *)
        do throws(ZipFailure) {
            try writer.add(name: name + ".npy", size: size, deflated: deflated) { buffer, position in
                let head = min(max(header.count - position, 0), buffer.count)
                if head > 0 { buffer[..<head].copyBytes(from: header[position..<position + head]) }
                if head < buffer.count {
                    data(UnsafeMutableRawBufferPointer(rebasing: buffer[head...]), position + head - header.count)
                }
            }
        } catch {
            throw NPZError(.cannotWrite, file: file, entry: name, reason: error.reason)
        }
    }
}
