import Foundation
import GRDB
import Platform

/// What is found at the path of a data directory, before anything there is touched.
struct DirectorySurvey {
    static let databaseName = "limbic.sqlite"
    static let lockName = "limbic.lock"

    /// Names that say nothing about whose directory it is: what may be there before there is a database, and what a new
    /// file system comes with.
    private static let neutral: Set<String> = [lockName, DirectoryMarker.fileName, "lost+found"]
    /// The database, and what SQLite keeps beside it.
    private static let databaseFiles = Set(["", "-wal", "-shm", "-journal"].map { databaseName + $0 })
    /// How many names an error lists.
    private static let maxExamples = 4

    /// nil for a directory that has none: a new one, or one of a release that wrote none.
    let marker: DirectoryMarker?
    /// Whether there is a database that is to be opened and not made.
    let hasDatabase: Bool

    /// Looks at `directory`, which need not exist.
    ///
    /// - Throws: ``DirectoryError`` when it cannot be a data directory.
    init(_ directory: URL) throws {
        let path = directory.path
        guard directory.standardizedFileURL.resolvingSymlinksInPath().path != "/" else { throw DirectoryError.root }
        guard try Self.exists(path) else {
            marker = nil
            hasDatabase = false
            return
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw DirectoryError.inaccessible(path, SystemError("access"))
        }
        marker = try DirectoryMarker.read(in: directory)
        let names = try Self.names(in: path)
        let database = Self.inspect(directory.appendingPathComponent(Self.databaseName))
        hasDatabase = database == .database
        let others = names.filter { name in
            !Self.neutral.contains(name) && !DirectoryMarker.isPartial(name)
                // What the service makes and removes by this name is its own in a directory that is.
                && !(marker != nil && name == DataLayout.probe)
                && !(DataLayout.folders.contains(name) && Self.isEmptyFolder(directory.appendingPathComponent(name)))
                && !(database == .blank && Self.databaseFiles.contains(name))
        }
        guard !hasDatabase, !others.isEmpty else { return }
        let examples = Array(others.prefix(Self.maxExamples))
        // A lock without a marker is what releases that wrote no marker leave.
        let isOurs = marker != nil || (names.contains(Self.lockName) && database != .other)
        throw isOurs
            ? DirectoryError.lostDatabase(directory: path, examples: examples)
            : DirectoryError.foreign(directory: path, examples: examples)
    }

    private static func exists(_ path: String) throws -> Bool {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw DirectoryError.notADirectory(path) }
            return true
        }
        let error = SystemError("stat")
        if error.code == ENOTDIR { throw DirectoryError.notADirectory((path as NSString).deletingLastPathComponent) }
        guard error.code == ENOENT else { throw DirectoryError.inaccessible(path, error) }
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            throw DirectoryError.brokenLink(path, target: target)
        }
        return false
    }

    private static func names(in path: String) throws -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw DirectoryError.inaccessible(path, SystemError("readdir", code: EACCES))
        }
    }

    private static func isEmptyFolder(_ url: URL) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: url.path))?.isEmpty == true
    }

    private enum DatabaseFile {
        case missing
        /// Made, and never come as far as its first migration.
        case blank
        /// Ours, of whatever release.
        case database
        /// Not a database, or one of another program.
        case other
    }

    private static func inspect(_ url: URL) -> DatabaseFile {
        var status = stat()
        guard stat(url.path, &status) == 0 else { return .missing }
        guard status.st_size > 0 else {
            // Changes that were never merged into the database are of one that was not empty; SQLite would delete them.
            let hasChanges = stat(url.path + "-wal", &status) == 0 && status.st_size > 0
            return hasChanges ? .other : .blank
        }
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let found = try? DatabaseQueue(path: url.path, configuration: configuration).read { connection in
            let tables = try String.fetchAll(connection, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            guard tables.contains("migrations") else { return tables.isEmpty ? DatabaseFile.blank : .other }
            let applied = try Int.fetchOne(
                connection,
                sql: "SELECT count(*) FROM migrations WHERE digest LIKE 'sha256:%'"
            )
            return applied == 0 && tables.count == 1 ? .blank : (applied ?? 0) > 0 ? .database : .other
        }
        return found ?? .other
    }
}
