import Foundation
import Platform

/// Copies files and folders from one directory to another under the same relative paths, as links where the file system
/// allows it.
struct FileCopy {
    private struct Entry {
        var files = 0
        var links = 0
        var byteCount = 0
    }

    private let source: URL
    private let target: URL
    private var entries: [String: Entry] = [:]
    private var folders: Set<String> = []

    init(from source: URL, to target: URL) {
        (self.source, self.target) = (source, target)
    }

    var files: Int { entries.values.reduce(0) { $0 + $1.files } }
    var links: Int { entries.values.reduce(0) { $0 + $1.links } }
    /// Of files that are no links.
    var byteCount: Int { entries.values.reduce(0) { $0 + $1.byteCount } }

    /// Copies a file, or a folder with all that is in it. What was copied before is left as it is.
    ///
    /// - Parameters:
    ///   - path: relative to both directories.
    ///   - linking: for a file that never changes.
    /// - Returns: false when it is not there, or was removed meanwhile; nothing is left of it then.
    /// - Throws: `SystemError`
    mutating func add(_ path: String, linking: Bool) throws -> Bool {
        guard entries[path] == nil else { return true }
        var entry = Entry()
        guard try copy(path, linking: linking, into: &entry) else {
            try? FileManager.default.removeItem(at: target.appendingPathComponent(path))
            return false
        }
        entries[path] = entry
        return true
    }

    /// Removes the copies of all other paths.
    mutating func keep(_ isWanted: (String) -> Bool) throws {
        for path in entries.keys where !isWanted(path) {
            try FileManager.default.removeItem(at: target.appendingPathComponent(path))
            entries[path] = nil
        }
    }

    /// Returns when all names are on the disk.
    func sync() throws {
        for folder in folders.sorted() { try Files.sync(target.appendingPathComponent(folder).path) }
    }

    private mutating func copy(_ path: String, linking: Bool, into entry: inout Entry) throws -> Bool {
        let from = source.appendingPathComponent(path).path
        var status = stat()
        guard lstat(from, &status) == 0 else { return try absent("lstat", from) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            try makeFolder(Files.folder(of: path))
            return try copyFile(from, to: target.appendingPathComponent(path).path, linking: linking, into: &entry)
        }
        try makeFolder(path)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: from) else { return false }
        for name in names {
            guard try copy("\(path)/\(name)", linking: linking, into: &entry) else { return false }
        }
        return true
    }

    private func copyFile(_ from: String, to path: String, linking: Bool, into entry: inout Entry) throws -> Bool {
        if linking {
            if link(from, path) == 0 {
                entry.files += 1
                entry.links += 1
                return true
            }
            // Another file system, one without links, or a file of somebody else's.
            guard [EXDEV, EPERM, EOPNOTSUPP, EMLINK].contains(errno) else { return try absent("link", from) }
        }
        let descriptor = open(from, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return try absent("open", from) }
        defer { close(descriptor) }
        let file = try WholeFile(path: path)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw SystemError("read", path: from) }
            guard count > 0 else { break }
            try buffer.withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            entry.byteCount += count
        }
        try file.commit()
        entry.files += 1
        return true
    }

    /// false where a call failed because there is no such file.
    private func absent(_ operation: String, _ path: String) throws(SystemError) -> Bool {
        guard errno == ENOENT else { throw SystemError(operation, path: path) }
        return false
    }

    private mutating func makeFolder(_ path: String) throws {
        var folder = path
        while folder != ".", folders.insert(folder).inserted { folder = Files.folder(of: folder) }
        try Files.makeFolder(target.appendingPathComponent(path).path)
    }
}
