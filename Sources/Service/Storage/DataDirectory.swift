import Foundation
import Jobs
import Platform

/// Where the service keeps its files, beside the database: see `DataLayout`.
struct DataDirectory: Sendable {
    let root: URL

    /// - Parameter root: a directory that a `Database` has opened, and so is ours.
    init(_ root: URL) throws {
        // Workers run wherever a launcher puts them, so that paths are absolute.
        self.root = root.absoluteURL.standardizedFileURL
        for folder in DataLayout.folders {
            try Files.makeFolder(path(folder))
        }
    }

    var logs: URL { url("logs") }

    /// The place of a path that is relative to the directory, as records hold it.
    func url(_ relative: String) -> URL { root.appendingPathComponent(relative) }

    func path(_ relative: String) -> String { url(relative).path }

    /// Gives the file or folder `source` the name `target`, and does not return before that survives the machine. What
    /// `source` holds must be on the disk already.
    func move(_ source: URL, to target: URL) throws {
        let folder = target.deletingLastPathComponent()
        let isNew = !FileManager.default.fileExists(atPath: folder.path)
        try Files.makeFolder(folder.path)
        try Files.move(source.path, to: target.path)
        if isNew { try Files.sync(Files.folder(of: folder.path)) }
    }

    /// Removes a file or folder that is on record as pending.
    ///
    /// - Parameter relative: with a slash at its end, a folder that goes only when it is empty.
    /// - Returns: whether nothing is left to be done about it.
    func remove(_ relative: String) -> Bool {
        // A record that points out of the directory is none of ours.
        guard !relative.hasPrefix("/"), !relative.split(separator: "/").contains("..") else { return false }
        let path = path(relative)
        if relative.hasSuffix("/") {
            return rmdir(path) == 0 || [ENOENT, ENOTEMPTY, EEXIST].contains(errno)
        }
        try? FileManager.default.removeItem(atPath: path)
        var status = stat()
        return lstat(path, &status) != 0 && errno == ENOENT
    }
}
