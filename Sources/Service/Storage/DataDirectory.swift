import Foundation
import Platform

/// Where the service keeps its files, beside the database.
///
/// | folder | holds |
/// |---|---|
/// | `incoming` | uploads under way; emptied at start |
/// | `datasets/<id>` | the files of splits |
/// | `work/<job>` | what a running job writes |
/// | `models/<name>` | the directories of versions |
/// | `logs` | a file per job with what its workers said |
struct DataDirectory: Sendable {
    let root: URL

    init(_ root: URL) throws {
        // Workers run wherever a launcher puts them, so that paths are absolute.
        self.root = root.absoluteURL.standardizedFileURL
        for folder in ["incoming", "datasets", "work", "models", "logs"] {
            try FileManager.default.createDirectory(at: url(folder), withIntermediateDirectories: true)
        }
    }

    var logs: URL { url("logs") }

    /// The place of a path that is relative to the directory, as records hold it.
    func url(_ relative: String) -> URL { root.appendingPathComponent(relative) }

    func path(_ relative: String) -> String { url(relative).path }

    /// Where a running job writes.
    func work(job: String) -> URL { url("work/\(job)") }

    /// What the workers of a job said; not there when they said nothing.
    func log(of job: String) -> URL { logs.appendingPathComponent("\(job).log") }

    /// Gives the file or folder `source` the name `target`, and does not return before that survives the machine. What
    /// `source` holds must be on the disk already.
    func move(_ source: URL, to target: URL) throws {
        let folder = target.deletingLastPathComponent()
        let isNew = !FileManager.default.fileExists(atPath: folder.path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Files.move(source.path, to: target.path)
        if isNew { try Files.sync(Files.folder(of: folder.path)) }
    }

    func remove(_ url: URL) {
        // What cannot be removed is an orphan for the next start.
        try? FileManager.default.removeItem(at: url)
    }

    /// Removes what an earlier server left behind when it stopped between a file and its record: everything in
    /// `incoming` and `work`, and what no record names in `datasets` and `models`. For the start, before anything runs.
    ///
    /// - Parameter known: the paths that records name.
    func sweep(known: Set<String>) {
        for folder in ["incoming", "work"] {
            for name in names(in: folder) { remove(url("\(folder)/\(name)")) }
        }
        for folder in ["datasets", "models"] {
            for group in names(in: folder) {
                let entries = names(in: "\(folder)/\(group)")
                let orphans = entries.filter { !known.contains("\(folder)/\(group)/\($0)") }
                for name in orphans { remove(url("\(folder)/\(group)/\(name)")) }
                if orphans.count == entries.count { remove(url("\(folder)/\(group)")) }
            }
        }
    }

    private func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []
    }
}
