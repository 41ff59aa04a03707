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
        /// How many times larger than the file its arrays may be, beyond ``freeBytes``.
        package var ratio = 200
        /// What the arrays of any file may unpack to, within ``bytes``.
        package var freeBytes = 1 << 30

        package init() {}
    }

    /// What the header of an array says.
    package struct Entry: Sendable, Equatable {
        /// Without `.npy`.
        package let name: String
        package let shape: [Int]
        /// False for text.
        package let isNumeric: Bool
        var isInteger: Bool { header.element.isInteger }
        /// Column-major: the first index runs fastest in the file.
        package let isFortranOrder: Bool
        /// Elements.
        package let count: Int
        let header: NPYHeader
        fileprivate let index: Int
    }

    /// Some numbers of an array, in the order of the file.
    package struct Chunk {
        /// As float32; what is too large for it is infinite.
        package let values: UnsafeMutableBufferPointer<Float>
        /// Of the first one in the array.
        package let position: Int
        fileprivate let raw: UnsafeRawBufferPointer
        fileprivate let element: NPYElement

        /// The number at `index` as the file has it.
        func text(_ index: Int) -> String {
            let start = index * element.size
            return element.description(UnsafeRawBufferPointer(rebasing: raw[start..<start + element.size]))
        }

        /// What is wrong with the number at `index`, which is not finite as float32.
        func nonfiniteFault(_ index: Int) -> String {
            let text = text(index)
            return Double(text)?.isFinite == true ? "\(text) does not fit a 32-bit float" : "\(text) is not finite"
        }
    }

    /// The name of the file, without the directories it lies in.
    package let file: String
    /// In the order of the file.
    package let arrays: [Entry]
    /// Bytes of the file.
    let byteCount: Int
    private let reader: ZipReader

    /// What deflate can do at most, one bit for a copy of 258 bytes (zlib: "a theoretical limit of 1032:1").
    private static let deflateRatio: UInt64 = 1032
    /// Elements that are converted at a time, and the bytes they take at most, but for elements that take more.
    private static let chunk = 1 << 16
    private static let chunkBytes = 1 << 20

    /// Opens an archive and reads its headers.
    package convenience init(path: String, limits: Limits = Limits()) throws(NPZError) {
        let reader: ZipReader
        let file = (path as NSString).lastPathComponent
        do throws(ZipFailure) {
            reader = try ZipReader(path: path)
        } catch {
            throw Self.notAnArchive(file, error)
        }
        // The size of the file itself, where the path is a link to it.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let size = (try? FileManager.default.attributesOfItem(atPath: target)[.size] as? UInt64) ?? 0
        try self.init(reader, size: size, file: file, limits: limits)
    }

    /// Opens an archive in memory and reads its headers.
    ///
    /// - Parameter name: of what it came as, for errors.
    package convenience init(
        _ bytes: [UInt8], name: String = "body", limits: Limits = Limits()
    ) throws(NPZError) {
        let reader: ZipReader
        do throws(ZipFailure) { reader = try ZipReader(bytes) } catch { throw Self.notAnArchive(name, error) }
        try self.init(reader, size: UInt64(bytes.count), file: name, limits: limits)
    }

    private static func notAnArchive(_ file: String, _ failure: ZipFailure) -> NPZError {
        let reason = "is no whole zip archive (\(failure.reason)): cut short or damaged on its way?"
        return NPZError(.notAnArchive, file: file, reason: reason)
    }

    private init(_ reader: ZipReader, size fileSize: UInt64, file: String, limits: Limits) throws(NPZError) {
        self.reader = reader
        guard reader.entryCount <= limits.arrays else {
            let reason = "\(reader.entryCount) entries, at most \(limits.arrays)"
            throw NPZError(.tooLarge, file: file, reason: reason)
        }
        var budget = Budget(fileSize: fileSize, limits: limits)
        var arrays: [Entry] = []
        var names: Set<String> = []
        for index in 0..<reader.entryCount {
            let array = try Self.open(index, reader: reader, file: file, budget: &budget)
            guard names.insert(array.name).inserted else {
                throw NPZError(
                    .duplicateName,
                    file: file,
                    entry: array.name,
                    reason: "there are two arrays of this name"
                )
            }
            arrays.append(array)
        }
        byteCount = Int(clamping: fileSize)
        self.file = file
        self.arrays = arrays
    }

    /// The array of a name, nil when there is none.
    package func array(_ name: String) -> Entry? { arrays.first { $0.name == name } }

    /// What the entries of a file may unpack to.
    private struct Budget {
        private let fileSize: UInt64
        private let limits: Limits
        private let allowed: UInt64
        private var unpacked: UInt64 = 0

        init(fileSize: UInt64, limits: Limits) {
            self.fileSize = fileSize
            self.limits = limits
            let (scaled, overflow) = fileSize.multipliedReportingOverflow(by: UInt64(limits.ratio))
            allowed = min(UInt64(limits.bytes), max(overflow ? .max : scaled, UInt64(limits.freeBytes)))
        }

        /// Takes in an entry; what is wrong with its sizes, nil when nothing is.
        mutating func fault(_ entry: ZipReader.Entry) -> String? {
            guard entry.compressedSize <= fileSize, entry.size / deflateRatio <= entry.compressedSize else {
                return "\(entry.size) bytes declared in \(entry.compressedSize) compressed ones is impossible"
            }
            let (sum, overflow) = unpacked.addingReportingOverflow(entry.size)
            guard !overflow, sum <= allowed else {
                return """
                    the arrays unpack to more than \(allowed) bytes: allowed are \(limits.ratio) times the \(fileSize) bytes of \
                    the file, at least \(limits.freeBytes) and at most \(limits.bytes) (limbic serve --max-upload-size); \
                    save them without compression, by numpy.savez
                    """
            }
            unpacked = sum
            return nil
        }
    }

    private static func open(
        _ index: Int,
        reader: ZipReader,
        file: String,
        budget: inout Budget
    ) throws(NPZError) -> Entry {
        let entry: ZipReader.Entry
        do throws(ZipFailure) {
            entry = try reader.entry(index)
        } catch {
            throw NPZError(.damaged, file: file, reason: "entry \(index): \(error.reason)")
        }
        let name = try arrayName(of: entry.name, file: file)
        guard !entry.isEncrypted else {
            let reason = "is encrypted; unpack it and save it without a password"
            throw NPZError(.encrypted, file: file, entry: name, reason: reason)
        }
        guard !entry.isUnknownMethod else {
            let reason = "is neither stored nor deflated; save it by numpy.savez or numpy.savez_compressed"
            throw NPZError(.unsupported, file: file, entry: name, reason: reason)
        }
        if let fault = budget.fault(entry) { throw NPZError(.tooLarge, file: file, entry: name, reason: fault) }
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
            let isPickle = [".pkl", ".pickle"].contains(where: entry.hasSuffix)
            let reason =
                isPickle
                ? "is a pickle, as PyTorch saves it, which could run any program and is never loaded; "
                    + "save arrays by numpy.savez(path, text=text.numpy(), …)"
                : "is not an array (.npy)"
            throw NPZError(.badName, file: file, entry: shown, reason: reason)
        }
        let name = String(entry.dropLast(4))
        guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 256 else {
            throw NPZError(.badName, file: file, entry: shown, reason: "is not the name of an array")
        }
        guard !name.unicodeScalars.contains(where: { "/\\:".unicodeScalars.contains($0) }) else {
            throw NPZError(
                .badName, file: file, entry: shown,
                reason: "a path in a name is not allowed; put the arrays into the archive without folders")
        }
        // libzip shows a NUL as a space and other control characters as symbols.
        guard
            name.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || "0123456789_-.".unicodeScalars.contains($0) }
            )
        else {
            let reason = "is not the name of an array: letters, digits, '_', '-' and '.' only, no NUL"
            throw NPZError(.badName, file: file, entry: shown, reason: reason)
        }
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
            return try NPYHeader(bytes, name: name)
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
    /// Hands over the numbers of an array as float32 in chunks, in the order of the file.
    ///
    /// The order is row-major, or column-major where ``Entry/isFortranOrder`` says so. An error that `body` throws ends the
    /// reading and is passed on.
    package func forEachChunk(
        of array: Entry,
        _ body: (Chunk) throws(NPZError) -> Void
    ) throws(NPZError) {
        precondition(array.isNumeric, "only numbers are converted")
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(Self.chunk, max(array.count, 1)))
        defer { values.deallocate() }
        try forEachRawChunk(of: array) { raw, position throws(NPZError) in
            let element = array.header.element
            let part = UnsafeMutableBufferPointer(rebasing: values[..<(raw.count / element.size)])
            element.convert(raw, to: part)
            try body(Chunk(values: part, position: position, raw: raw, element: element))
        }
    }

    /// The elements of a one-dimensional array as text; nil for one that is no text or has a NUL in it.
    ///
    /// - Parameter limit: longer texts are cut, to something that is still longer.
    package func strings(of array: Entry, limit: Int) throws(NPZError) -> [String?] {
        var strings: [String?] = []
        let size = array.header.element.size
        try forEachRawChunk(of: array) { raw, _ throws(NPZError) in
            for start in stride(from: 0, to: raw.count, by: size) {
                let element = UnsafeRawBufferPointer(rebasing: raw[start..<start + size])
                strings.append(array.header.element.string(element, limit: limit))
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
        let chunk = max(1, min(Self.chunk, Self.chunkBytes / size, array.count))
        let stream = try Self.open(array.index, reader: reader, file: file, name: array.name)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(chunk * size, array.header.dataOffset),
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
            let count = min(chunk, array.count - position)
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

/// A file in npz format, or one of its arrays, cannot be read or written.
package struct NPZError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The file cannot be opened or is not a zip archive.
        case notAnArchive
        /// The name of an entry is not one of an array: it holds a path, or does not end in .npy.
        case badName
        case duplicateName
        case encrypted
        /// The archive or an entry uses what this reader leaves out: another compression, Python objects, …
        case unsupported
        /// More than the caller allows, or sizes that cannot be true.
        case tooLarge
        /// The header of an array is not one.
        case badHeader
        /// The data is shorter or longer than declared, or its checksum does not agree.
        case damaged
        case cannotWrite
    }

    package let kind: Kind
    /// The name of the file, without the directories it lies in.
    package let file: String
    /// The name of the entry or array, nil when the whole file is meant.
    package let entry: String?
    package let reason: String

    package init(_ kind: Kind, file: String, entry: String? = nil, reason: String) {
        self.kind = kind
        self.file = file
        self.entry = entry
        self.reason = reason
    }

    package var description: String {
        entry.map { "\(file): \($0): \(reason)" } ?? "\(file): \(reason)"
    }
}
