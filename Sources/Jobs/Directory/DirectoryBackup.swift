package import Foundation
import GRDB
import Platform

/// Copies a data directory, whether or not a server works on it, into one that a server can start on.
///
/// The database is copied as it is at one moment, and then what its records name: a file never changes while a record names
/// it, so that it is enough to link it, and to begin anew when one was deleted before its turn came.
package struct DirectoryBackup: Sendable {
    /// What was copied.
    package struct Report: Sendable, Equatable {
        package var jobs = 0
        package var datasets = 0
        package var versions = 0
        /// All that was copied beside the database.
        package var files = 0
        /// Those of them that are links to the same file.
        package var links = 0
        /// What the database and the files that are no links take.
        package var byteCount = 0
        /// Paths of files that are not in the data directory either, though its records name them.
        package var missing: [String] = []
    }

    private static let maxRounds = 100
    /// The name of the database until everything else is there, so that a half of a backup is no data directory.
    private static let partialName = DirectorySurvey.databaseName + WholeFile.temporarySuffix

    private let source: URL
    private let target: URL
    private let marker: DirectoryMarker
    /// Called with each copy of the database, before files are copied.
    var didCopyDatabase: @Sendable (_ round: Int) throws -> Void = { _ in }

    /// - Parameters:
    ///   - source: a data directory.
    ///   - target: an empty directory, or one to be made.
    ///   - migrations: the schema of this release; a directory of a newer one may name files this one knows nothing of.
    /// - Throws: ``BackupError``, ``DirectoryError``, ``MigrationError``, ``StorageError``.
    package init(of source: URL, to target: URL, migrations: URL) throws {
        (self.source, self.target) = (source, target)
        guard let marker = try DirectoryMarker.read(in: source),
            FileManager.default.fileExists(atPath: source.appendingPathComponent(DirectorySurvey.databaseName).path)
        else { throw BackupError.noDatabase(directory: source.path) }
        self.marker = marker
        let known = try MigrationFile.load(from: migrations).count
        let applied = try Self.reading(source) { connection in
            try Int.fetchOne(connection, sql: "SELECT max(number) FROM migrations") ?? 0
        }
        guard applied <= known else { throw MigrationError.newerDatabase(applied: applied, known: known) }
    }

    /// Makes the copy. When that fails nothing is left of it.
    ///
    /// - Throws: ``BackupError``, ``StorageError``.
    package func run() throws -> Report {
        let isNew = !FileManager.default.fileExists(atPath: target.path)
        do {
            try Files.makeFolder(target.path)
            guard try FileManager.default.contentsOfDirectory(atPath: target.path).isEmpty else {
                throw BackupError.targetInUse(target.path)
            }
        } catch let error as SystemError { throw BackupError.system(error) }
        do { return try fill() } catch {
            // It was empty, so that everything in it is of this copy.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? [] {
                try? FileManager.default.removeItem(at: target.appendingPathComponent(name))
            }
            if isNew { rmdir(target.path) }
            throw (error as? SystemError).map(BackupError.system) ?? error
        }
    }

    private func fill() throws -> Report {
        let database = target.appendingPathComponent(Self.partialName)
        var copy = FileCopy(from: source, to: target)
        for round in 1...Self.maxRounds {
            var report = Report()
            let named = try copyDatabase(to: database, counting: &report)
            try didCopyDatabase(round)
            try copy.keep { named.kinds[$0] != nil }
            guard try copyFiles(named, with: &copy, missing: &report.missing) else { continue }
            report.files = copy.files
            report.links = copy.links
            let size = try? database.resourceValues(forKeys: [.fileSizeKey]).fileSize
            report.byteCount = copy.byteCount + (size ?? 0)
            try copy.sync()
            try Files.sync(database.path)
            try Files.move(database.path, to: target.appendingPathComponent(DirectorySurvey.databaseName).path)
            // What makes it a data directory comes last.
            try marker.write(in: target)
            try Files.sync(Files.folder(of: target.standardizedFileURL.path))
            return report
        }
        throw BackupError.changing(rounds: Self.maxRounds)
    }

    /// - Returns: false when a file was gone because its record was deleted meanwhile.
    private func copyFiles(_ named: RecordedFiles, with copy: inout FileCopy, missing: inout [String]) throws -> Bool {
        for (path, kind) in named.kinds.sorted(by: { $0.key < $1.key }) {
            if try copy.add(path, linking: kind != .log) { continue }
            // A record goes before its file does: where there still is one, the file was lost before.
            guard try Self.reading(source, { try RecordedFiles($0).kinds[path] }) != nil else { return false }
            if kind == .settled { missing.append(path) }
        }
        return true
    }

    /// Copies the database as it is at one moment; writers need not wait.
    private func copyDatabase(to url: URL, counting report: inout Report) throws -> RecordedFiles {
        do {
            try? FileManager.default.removeItem(at: url)
            let copy = try DatabaseQueue(path: url.path)
            defer { try? copy.close() }
            let original = try Self.open(source)
            try original.backup(to: copy)
            try original.close()
            return try copy.writeWithoutTransaction { connection in
                // One file, whole without a log of changes beside it.
                try connection.execute(sql: "PRAGMA journal_mode = DELETE")
                let findings = try String.fetchAll(connection, sql: "PRAGMA integrity_check(1)")
                guard findings == ["ok"] else {
                    throw BackupError.damaged(directory: source.path, finding: findings.joined(separator: "; "))
                }
                func count(_ table: String) throws -> Int {
                    try Int.fetchOne(connection, sql: "SELECT count(*) FROM \(table)") ?? 0
                }
                report.jobs = try count("jobs")
                report.datasets = try count("datasets")
                report.versions = try count("model_versions")
                return try RecordedFiles(connection)
            }
        } catch let error as DatabaseError { throw failure(error) }
    }

    private func failure(_ error: DatabaseError) -> any Error {
        let error = StorageError(error)
        return error.kind == .corrupt ? BackupError.damaged(directory: source.path, finding: error.message) : error
    }

    private static func reading<T>(_ directory: URL, _ body: (Connection) throws -> T) throws -> T {
        do {
            let database = try open(directory)
            defer { try? database.close() }
            return try database.read(body)
        } catch let error as DatabaseError { throw StorageError(error) }
    }

    private static func open(_ directory: URL) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        // A server that starts holds the database for a moment.
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(
            path: directory.appendingPathComponent(DirectorySurvey.databaseName).path, configuration: configuration)
    }
}
