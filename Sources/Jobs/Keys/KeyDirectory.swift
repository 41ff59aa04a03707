package import Foundation
import GRDB
import Platform

/// The keys of a data directory, for the command line, whether or not a server works on it.
///
/// Where schema and release fit, the database is opened beside a server's: SQLite keeps the two apart, and the server looks
/// for what others have written (``KeyStore/poll(since:_:)``). Where they do not, it is brought up to date first, which takes
/// the directory's lock.
package final class KeyDirectory: Sendable {
    private let queue: DatabaseQueue

    /// - Parameters:
    ///   - directory: a data directory.
    ///   - migrations: the schema of this release.
    ///   - makes: whether a data directory is made where there is none.
    /// - Throws: ``DirectoryError``, ``MigrationError``, ``StorageError``.
    package init(_ directory: URL, migrations: URL, makes: Bool) throws {
        let path = directory.appendingPathComponent(DirectorySurvey.databaseName).path
        let known = try MigrationFile.load(from: migrations).count
        let applied = try Self.applied(path)
        guard applied != nil || makes else { throw DirectoryError.noDatabase(directory: directory.path) }
        if applied != known { try Database(directory: directory, migrations: migrations).close() }
        queue = try Database.translating { try Self.open(path) }
    }

    deinit { try? queue.close() }

    /// Makes a key. Its secret is told here and nowhere else.
    package func create(_ draft: KeyDraft) throws -> (KeyRecord, KeySecret) {
        try write { try KeyTable.insert(draft, id: Identifier.make("key"), at: WallClock.system.now(), on: $0) }
    }

    /// Has a key hold no more, for good. Doing so again is harmless.
    ///
    /// - Throws: ``KeyStoreError/notFound(id:)``, ``StorageError``.
    package func revoke(_ id: String) throws -> KeyRecord {
        try write { try KeyTable.revoke(id, at: WallClock.system.now(), on: $0) }
    }

    /// From the oldest to the newest, those that were revoked too.
    package func all() throws -> [KeyRecord] {
        try Database.translating { try queue.read { try KeyTable.all(on: $0) } }
    }

    private func write<T>(_ body: (Connection) throws -> T) throws -> T {
        try Database.translating { try queue.write(body) }
    }

    /// The number of the last migration of the database, or nil where there is none.
    private static func applied(_ path: String) throws -> Int? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try Database.translating {
            let queue = try open(path, isReadOnly: true)
            defer { try? queue.close() }
            return try queue.read { connection in
                guard try connection.tableExists("migrations") else { return 0 }
                return try Int.fetchOne(connection, sql: "SELECT max(number) FROM migrations") ?? 0
            }
        }
    }

    private static func open(_ path: String, isReadOnly: Bool = false) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.readonly = isReadOnly
        // A server that writes holds the database for a moment.
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
