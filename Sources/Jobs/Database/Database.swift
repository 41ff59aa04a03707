package import Foundation
import GRDB
package import Platform
import Synchronization

/// One open connection to SQLite, inside GRDB's own closures.
typealias Connection = GRDB.Database

/// The service's database: `limbic.sqlite` in the data directory, opened by one process at a time.
///
/// Write-ahead logging with full synchronisation: what a method of a store has returned from survives the machine.
package final class Database: Sendable {
    package struct Options: Sendable {
        /// The clock for the times in the database.
        package var clock: WallClock
        /// Makes the identifier of a new row from its prefix.
        package var makeIdentifier: @Sendable (String) -> String
        /// How long a statement waits for another connection, such as a backup's, before it fails.
        package var busyTimeout: Duration

        package init(
            clock: WallClock = .system,
            makeIdentifier: @escaping @Sendable (String) -> String = { Identifier.make($0) },
            busyTimeout: Duration = .seconds(10)
        ) {
            self.clock = clock
            self.makeIdentifier = makeIdentifier
            self.busyTimeout = busyTimeout
        }
    }

    let options: Options
    let changes = ChangeHub()
    private let registerListeners = Mutex<[@Sendable (ModelRecord) -> Void]>([])
    private let pool: DatabasePool
    private let lock: DirectoryLock

    /// Opens or creates the database in `directory`, which is created when missing, and brings its schema up to date
    /// with the files `NNNN-name.sql` in `migrations`.
    ///
    /// - Throws: ``OpenError`` when another server has it open, ``MigrationError`` when schema and files do not fit,
    ///   ``StorageError`` when SQLite fails.
    package init(directory: URL, migrations: URL, options: Options = Options()) throws {
        self.options = options
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        lock = try DirectoryLock(directory: directory)
        let files = try MigrationFile.load(from: migrations)
        pool = try Self.translating {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(options.busyTimeout / .seconds(1))
            let path = directory.appendingPathComponent("limbic.sqlite").path
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { connection in
                // GRDB sets NORMAL when it turns write-ahead logging on, and NORMAL may lose the last commits when
                // the machine stops.
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                try Migrator(files: files, clock: options.clock).run(on: connection)
            }
            return pool
        }
    }

    /// Waits for the work under way, closes the connections, ends all change streams and gives the data directory
    /// up. Whatever is asked of the stores afterwards fails.
    package func close() throws {
        changes.finish()
        try Self.translating { try pool.close() }
        lock.release()
    }

    /// Runs `body` on a connection that cannot write and sees one unchanging state of the database.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await Self.translating { try await pool.read(body) }
    }

    /// Runs `body` in a transaction that commits when it returns and leaves nothing when it throws.
    func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await Self.translating { try await pool.write(body) }
    }

    /// Announces a change once the transaction under way on `connection` has committed, and not at all when it fails.
    func announce(_ topics: ChangeHub.Topic..., after connection: Connection) {
        connection.afterNextTransaction { [changes] _ in
            for topic in topics {
                changes.publish(topic)
            }
        }
    }

    /// Tells of a new version of a model once the transaction under way has committed, and not at all when it fails.
    func announce(_ record: ModelRecord, after connection: Connection) {
        connection.afterNextTransaction { [self] _ in
            let listeners = registerListeners.withLock { $0 }
            for listener in listeners { listener(record) }
        }
    }

    func onRegister(_ body: @escaping @Sendable (ModelRecord) -> Void) {
        registerListeners.withLock { $0.append(body) }
    }

    /// ``read(_:)`` on the thread of the caller.
    func readNow<T>(_ body: (Connection) throws -> T) throws -> T {
        try Self.translating { try pool.read(body) }
    }

    private static func translating<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StorageError(error)
        }
    }

    private static func translating<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw StorageError(error)
        }
    }
}
