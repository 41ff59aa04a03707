import Foundation

/// The arrays of a file in npz format: a zip archive of arrays in npy format, stored or deflated, zip64 or not.
///
/// Opening reads the directory and every header and checks all that can be known without the data: names, sizes, shapes.
/// After that an array is read in chunks; memory does not depend on its size. Not thread-safe.
package final class NPZArchive {
    /// How much a file may ask for.
    package struct Limits: Sendable {
        /// Sum of the uncompressed sizes of all arrays.
        package var bytes = 32 << 30
        package var arrays = 256
        /// How many times larger than the file its arrays may be, beyond the first 256 MB.
        package var ratio = 200

        package init() {}
    }

    /// What the header of an array says.
    package struct Entry: Sendable, Equatable {
        /// Without `.npy`.
        package let name: String
        package let shape: [Int]
        /// False for text.
        package let isNumeric: Bool
        /// Column-major: the first index runs fastest in the file.
        package let isFortranOrder: Bool
        /// Elements.
        package let count: Int
        let header: NPYHeader
        fileprivate let index: Int
    }

    /// The name of the file, without the directories it lies in.
    package let file: String
    /// In the order of the file.
    package let arrays: [Entry]
    private let reader: ZipReader

    /// What deflate can do at most, one bit for a copy of 258 bytes (zlib: "a theoretical limit of 1032:1").
    private static let deflateRatio: UInt64 = 1032
    /// Elements that are converted at a time.
    private static let chunk = 1 << 16

    /// Opens an archive and reads its headers.
    package init(path: String, limits: Limits = Limits()) throws(NPZError) {
        let file = (path as NSString).lastPathComponent
        do throws(ZipFailure) {
            reader = try ZipReader(path: path)
        } catch {
            throw NPZError(.notAnArchive, file: file, reason: "cannot be read as a zip archive: \(error.reason)")
        }
        guard reader.entryCount <= limits.arrays else {
            let reason = "\(reader.entryCount) entries, at most \(limits.arrays)"
            throw NPZError(.tooLarge, file: file, reason: reason)
        }
        // The size of the file itself, where the path is a link to it.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let fileSize = (try? FileManager.default.attributesOfItem(atPath: target)[.size] as? UInt64) ?? 0
        let (budget, overflow) = fileSize.multipliedReportingOverflow(by: UInt64(limits.ratio))
        var allowed = min(UInt64(limits.bytes), max(overflow ? .max : budget, 256 << 20))
        var arrays: [Entry] = []
        for index in 0..<reader.entryCount {
            let array = try Self.open(index, reader: reader, file: file, fileSize: fileSize, allowed: &allowed)
            guard !arrays.contains(where: { $0.name == array.name }) else {
                throw NPZError(
                    .duplicateName,
                    file: file,
                    entry: array.name,
                    reason: "there are two arrays of this name"
                )
            }
            arrays.append(array)
        }
        self.file = file
        self.arrays = arrays
    }

    /// The array of a name, nil when there is none.
    package func array(_ name: String) -> Entry? { arrays.first { $0.name == name } }

    private static func open(
        _ index: Int,
        reader: ZipReader,
        file: String,
        fileSize: UInt64,
        allowed: inout UInt64
    ) throws(NPZError) -> Entry {
        let entry: ZipReader.Entry
        do throws(ZipFailure) {
            entry = try reader.entry(index)
        } catch {
            throw NPZError(.damaged, file: file, reason: "entry \(index): \(error.reason)")
        }
        let name = try arrayName(of: entry.name, file: file)
        guard !entry.isEncrypted else { throw NPZError(.encrypted, file: file, entry: name, reason: "is encrypted") }
        guard !entry.isUnknownMethod else {
            throw NPZError(.unsupported, file: file, entry: name, reason: "is neither stored nor deflated")
        }
        guard entry.compressedSize <= fileSize, entry.size / deflateRatio <= entry.compressedSize else {
            let reason = "\(entry.size) bytes declared in \(entry.compressedSize) compressed ones is impossible"
            throw NPZError(.tooLarge, file: file, entry: name, reason: reason)
        }
        guard entry.size <= allowed else {
            let reason = "the arrays are larger than allowed: \(entry.size) bytes in this one, \(allowed) left"
            throw NPZError(.tooLarge, file: file, entry: name, reason: reason)
        }
        allowed -= entry.size
        let header = try header(try open(index, reader: reader, file: file, name: name), file: file, name: name)
        guard header.byteCount == Int(clamping: entry.size) - header.dataOffset else {
            let reason = """
                the shape \(header.shape) takes \(header.byteCount) bytes, \
                the entry has \(Int(clamping: entry.size) - header.dataOffset)
                """
            throw NPZError(.damaged, file: file, entry: name, reason: reason)
        }
        return Entry(
            name: name,
            shape: header.shape,
            isNumeric: header.element.isNumeric,
            isFortranOrder: header.isFortranOrder,
            count: header.count,
            header: header,
            index: index
        )
    }

    /// A name is a single component, so that it can never lead out of a directory.
    private static func arrayName(of entry: String, file: String) throws(NPZError) -> String {
        let shown = String(entry.prefix(80))
        guard entry.hasSuffix(".npy") else {
            throw NPZError(.badName, file: file, entry: shown, reason: "is not an array (.npy)")
        }
        let name = String(entry.dropLast(4))
        guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 256 else {
            throw NPZError(.badName, file: file, entry: shown, reason: "is not the name of an array")
        }
        guard !name.unicodeScalars.contains(where: { "/\\:".unicodeScalars.contains($0) }) else {
            throw NPZError(.badName, file: file, entry: shown, reason: "a path in a name is not allowed")
        }
        // libzip shows a NUL as a space and other control characters as symbols.
        guard
            name.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || "0123456789_-.".unicodeScalars.contains($0) }
            )
        else { throw NPZError(.badName, file: file, entry: shown, reason: "is not the name of an array") }
        return name
    }

    private static func open(_ index: Int, reader: ZipReader, file: String, name: String) throws(NPZError) -> ZipStream
    {
        do throws(ZipFailure) {
            return try reader.open(index)
        } catch {
            throw NPZError(.damaged, file: file, entry: name, reason: error.reason)
        }
    }

    private static func header(_ stream: ZipStream, file: String, name: String) throws(NPZError) -> NPYHeader {
        var bytes = [UInt8](repeating: 0, count: NPYHeader.preambleSize)
        do throws(ZipFailure) {
            var count = try Self.read(stream, into: &bytes, from: 0)
            guard count == bytes.count else { throw ZipFailure(reason: "not an array in npy format") }
            let size = try dataOffset(bytes)
            bytes += [UInt8](repeating: 0, count: size - count)
            count += try Self.read(stream, into: &bytes, from: count)
            guard count == size else { throw ZipFailure(reason: "the header is cut short") }
        } catch {
            throw NPZError(.badHeader, file: file, entry: name, reason: error.reason)
        }
        do throws(NPYHeader.Fault) {
            return try NPYHeader(bytes)
        } catch {
            throw NPZError(.badHeader, file: file, entry: name, reason: error.reason)
        }
    }

    private static func dataOffset(_ preamble: [UInt8]) throws(ZipFailure) -> Int {
        do throws(NPYHeader.Fault) {
            return try NPYHeader.dataOffset(preamble: preamble)
        } catch {
            throw ZipFailure(reason: error.reason)
        }
    }

    private static func read(_ stream: ZipStream, into bytes: inout [UInt8], from start: Int) throws(ZipFailure) -> Int
    {
        var outcome = Result<Int, ZipFailure>.success(0)
        bytes.withUnsafeMutableBytes { buffer in
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
            outcome = Result { () throws(ZipFailure) in try stream.read(into: target) }
        }
        return try outcome.get()
    }
}

// MARK: - Data

extension NPZArchive {
    /// Hands over the numbers of an array as float32 in chunks, in the order of the file, with the position of the first.
    ///
    /// The order is row-major, or column-major where ``Entry/isFortranOrder`` says so. An error that `body` throws ends the
    /// reading and is passed on.
    package func forEachChunk(
        of array: Entry,
        _ body: (UnsafeMutableBufferPointer<Float>, Int) throws(NPZError) -> Void
    ) throws(NPZError) {
        precondition(array.isNumeric, "only numbers are converted")
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(Self.chunk, max(array.count, 1)))
        defer { values.deallocate() }
        try forEachRawChunk(of: array) { raw, position throws(NPZError) in
            let part = UnsafeMutableBufferPointer(rebasing: values[..<(raw.count / array.header.element.size)])
            array.header.element.convert(raw, to: part)
            try body(part, position)
        }
    }

    /// The elements of a one-dimensional array as text; nil for one that has none.
    package func strings(of array: Entry) throws(NPZError) -> [String?] {
        var strings: [String?] = []
        let size = array.header.element.size
        try forEachRawChunk(of: array) { raw, _ throws(NPZError) in
            for start in stride(from: 0, to: raw.count, by: size) {
                strings.append(array.header.element.string(UnsafeRawBufferPointer(rebasing: raw[start..<start + size])))
            }
        }
        return strings
    }

    private func forEachRawChunk(
        of array: Entry,
        _ body: (UnsafeRawBufferPointer, Int) throws(NPZError) -> Void
    ) throws(NPZError) {
        func damaged(_ reason: String) -> NPZError {
            NPZError(.damaged, file: file, entry: array.name, reason: reason)
        }
        let size = array.header.element.size
        let stream = try Self.open(array.index, reader: reader, file: file, name: array.name)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(min(Self.chunk, array.count) * size, array.header.dataOffset),
            alignment: 64
        )
        defer { buffer.deallocate() }
        func fill(_ count: Int) throws(NPZError) {
            do throws(ZipFailure) {
                let read = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
                guard read == count else { throw ZipFailure(reason: "the data ends early") }
            } catch {
                throw damaged(error.reason)
            }
        }
        try fill(array.header.dataOffset)
        var position = 0
        while position < array.count {
            let count = min(Self.chunk, array.count - position)
            try fill(count * size)
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<(count * size)]), position)
            position += count
        }
        do throws(ZipFailure) {
            // Reading on to the end is what makes libzip compare the checksum.
            guard try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1])) == 0 else {
                throw ZipFailure(reason: "there is more data than the shape takes")
            }
        } catch {
            throw damaged(error.reason)
        }
    }
}
