package import Foundation

/// A file that appears whole: written under a temporary name beside its own, which it takes when all of it is on the disk.
/// At any moment its path holds the old file or the whole new one, also after a crash.
///
/// ```swift
/// let file = try WholeFile(path: path)
/// try file.write(header)
/// try file.write(body)
/// try file.commit()  // without it, nothing is left of the file
/// ```
package final class WholeFile {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var isCommitted = false

    package init(path: String) throws(SystemError) {
        self.path = path
        temporary = Self.temporaryPath(for: path)
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
    }

    /// How the names of files end that are not whole yet; after a crash they can be removed.
    package static let temporarySuffix = ".partial"

    /// A path beside `path` that no other file has: for libraries that write files themselves, until ``Files/move(_:to:)``
    /// gives the file its name.
    package static func temporaryPath(for path: String) -> String {
        "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16))\(temporarySuffix)"
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        do throws(SystemError) { try Descriptor.writeAll(bytes, to: descriptor) } catch {
            throw SystemError(error.operation, path: path, code: error.code)
        }
    }

    package func write(_ bytes: some ContiguousBytes) throws(SystemError) {
        let outcome = bytes.withUnsafeBytes { bytes in Result { () throws(SystemError) in try write(bytes) } }
        try outcome.get()
    }

    /// Gives the file its name, and does not return before it survives the machine.
    package func commit() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError("fsync", path: path) }
        guard rename(temporary, path) == 0 else { throw SystemError("rename", path: path) }
        isCommitted = true
        // The new name itself is on the disk only after its folder is.
        try Files.sync(Files.folder(of: path))
    }

    /// Writes a whole file at once.
    package static func write(_ bytes: some ContiguousBytes, to path: String) throws(SystemError) {
        let file = try WholeFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}
