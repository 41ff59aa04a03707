import Engine
import Foundation
package import Platform

/// Writes the clips of a split to a packed file while they are read. Memory does not depend on their number, but for ids and
/// labels.
///
/// First comes ``begin(_:)``, then the rows of every modality in the order of the layout, then ``finish(labels:)``. What goes
/// wrong on the way is kept in ``failure`` and makes the writer idle, so that whoever reads the split looks there for a reason
/// to stop.
///
/// The file is whole, and on the disk, when ``contentDigest`` is there; then it is the caller's, who gives it the name by which
/// it is found (`Files.move`). Else it is gone with the writer.
package final class PackedSplitWriter {
    private let path: String
    private let scratchPath: String
    private let isCancelled: () -> Bool
    private let descriptor: Int32
    private var layout: PackedSplitLayout?
    /// Rows that are not written yet.
    private var buffer: [UInt8] = []
    private var hash = SHA256()
    private var digests: [String: String] = [:]
    /// Tensors of the layout that are done.
    private var position = 0
    /// Bytes that the current tensor still lacks.
    private var missing = 0
    private var replaced: [String: [Int]] = [:]
    /// A system call that failed, or a `CancellationError`.
    package private(set) var failure: (any Error)?
    /// Of the finished file.
    package private(set) var contentDigest: String?

    private static let bufferSize = 1 << 20

    /// - Parameters:
    ///   - path: a path that no file has.
    ///   - scratchPath: another one in the same file system, for files that have no name but while they are made.
    ///   - isCancelled: asked about every megabyte.
    package init(
        path: String,
        scratchPath: String,
        isCancelled: @escaping () -> Bool = { false }
    ) throws(SystemError) {
        self.path = path
        self.scratchPath = scratchPath
        self.isCancelled = isCancelled
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        buffer.reserveCapacity(Self.bufferSize)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if contentDigest == nil { unlink(path) }
    }

    /// Whether reading on is of no use; looks whether it was cancelled.
    func mustStop() -> Bool {
        if failure == nil, isCancelled() { failure = CancellationError() }
        return failure != nil
    }

    /// A nameless file beside the packed one; nil, with ``failure``, where there can be none.
    func makeScratchFile() -> ScratchFile? { attempt { () throws(SystemError) in try ScratchFile(path: scratchPath) } }

    /// Runs `body` unless something went wrong before, and keeps what goes wrong in it.
    @discardableResult
    func attempt<Result>(_ body: () throws -> Result) -> Result? {
        guard failure == nil else { return nil }
        do { return try body() } catch {
            failure = error
            return nil
        }
    }

    func begin(_ layout: PackedSplitLayout) {
        precondition(self.layout == nil, "a file has one layout")
        self.layout = layout
        attempt { try Descriptor.writeAll(try layout.header(digests: nil).bytes, to: descriptor) }
        startTensor()
    }

    /// Adds rows, or a part of one, of the modality whose turn it is.
    func append(_ values: UnsafeBufferPointer<Float>) { append(UnsafeRawBufferPointer(values)) }

    func append(_ values: [Float]) { values.withUnsafeBytes { append($0) } }

    /// Adds what was gathered in a file, rows of the modality whose turn it is.
    func append(_ scratch: ScratchFile) {
        let part = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { part.deallocate() }
        for start in stride(from: 0, to: scratch.byteCount, by: part.count) {
            let bytes = UnsafeMutableRawBufferPointer(rebasing: part[..<min(part.count, scratch.byteCount - start)])
            attempt { try scratch.read(at: start, into: bytes) }
            append(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Notes the values of a modality that were not finite, by feature; empty without any.
    func note(replaced: [Int], of modality: String) { self.replaced[modality] = replaced }

    /// Writes what follows the rows, and does not return before all of the file is on the disk, but for its name.
    ///
    /// - Parameter labels: [N, K] of 0 and 1, where the layout has labels.
    func finish(labels: [Float]?) {
        guard let layout else { preconditionFailure("the rows come before the end") }
        for column in layout.columns {
            append(column.lengths.map { Int32($0) })
            let none = [Int](repeating: 0, count: column.modality.featureSize)
            let replaced = replaced[column.modality.name] ?? []
            append((replaced.isEmpty ? none : replaced).map { Int64($0) })
        }
        if layout.labelCount != nil { append((labels ?? []).map { $0 > 0.5 ? UInt8(1) : 0 }) }
        if let ids = layout.ids {
            append(ids.flatMap { Array($0.utf8) })
            append(ids.map { Int32($0.utf8.count) })
        }
        attempt {
            precondition(position == layout.tensors.count, "every tensor of the layout is there")
            let (header, digest) = try layout.header(digests: digests)
            guard pwrite(descriptor, header, header.count, 0) == header.count, fsync(descriptor) == 0 else {
                throw SystemError("write", path: path)
            }
            contentDigest = digest
        }
    }

    private func append<Word: FixedWidthInteger>(_ words: [Word]) {
        words.map(\.littleEndian).withUnsafeBytes { append($0) }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, failure == nil else { return }
        precondition(bytes.count <= missing, "values fill the shape of their tensor")
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.bufferSize - buffer.count)
            buffer += UnsafeRawBufferPointer(rebasing: part)
            rest = rest.dropFirst(part.count)
            if buffer.count == Self.bufferSize { flush() }
        }
        missing -= bytes.count
        if missing == 0 { endTensor() }
    }

    private func flush() {
        guard !mustStop() else { return }
        hash.update(buffer)
        attempt { try Descriptor.writeAll(buffer, to: descriptor) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func endTensor() {
        guard let layout else { return }
        flush()
        var ended = SHA256()
        swap(&ended, &hash)
        digests[layout.tensors[position].name] = ended.finish()
        position += 1
        startTensor()
    }

    /// Fills in padding and tensors without elements until a tensor with some is due.
    private func startTensor() {
        guard failure == nil, let layout, position < layout.tensors.count else { return }
        let tensor = layout.tensors[position]
        missing = tensor.byteCount
        if missing == 0 {
            endTensor()
        } else if tensor.name.hasPrefix(PackedSplitLayout.paddingPrefix) {
            append([UInt8](repeating: 0, count: missing))
        }
    }
}
