package import Foundation
import GRDB
package import Platform

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
        /// What the log of changes beside the database may hold, in bytes, before ``trimLog()`` empties it.
        package var logLimit: Int
        package var execution: Execution
        /// Called in each transaction before it commits; what it throws undoes the transaction, as a full disk does.
        package var beforeCommit: @Sendable () throws -> Void

        package init(
            clock: WallClock = .system,
            makeIdentifier: @escaping @Sendable (String) -> String = { Identifier.make($0) },
            busyTimeout: Duration = .seconds(10),
            logLimit: Int = 64 << 20,
            execution: Execution = .queues,
            beforeCommit: @escaping @Sendable () throws -> Void = {}
        ) {
            self.clock = clock
            self.makeIdentifier = makeIdentifier
            self.busyTimeout = busyTimeout
            self.logLimit = logLimit
            self.execution = execution
            self.beforeCommit = beforeCommit
        }
    }

    /// Where the work is done.
    package enum Execution: Sendable {
        /// On queues of the connections, so that no thread of the caller waits for the disk.
        case queues
        /// On the thread of the caller, with a `pause` before and after, in which others may run: for a simulation, which
        /// decides what runs when.
        case inline(pause: @Sendable () async -> Void)
    }

    let options: Options
    let changes = ChangeHub()
    private let modelListeners = Mutex<[@Sendable (ModelChange) -> Void]>([])
    private let pool: DatabasePool
    private let writes: GroupCommit
    private let lock: DirectoryLock
    private let isClosed = Mutex(false)

    /// Opens the database of the data directory `directory`, and brings its schema up to date with the files
    /// `NNNN-name.sql` in `migrations`.
    ///
    /// A directory that is empty or not there becomes a data directory. Nothing is made or changed in one that is refused.
    ///
    /// - Throws: ``DirectoryError`` when the directory is not ours, has lost its database or is used by another server,
    ///   ``MigrationError`` when schema and files do not fit, ``StorageError`` when SQLite fails.
    package init(directory: URL, migrations: URL, options: Options = Options()) throws {
        self.options = options
        let files = try MigrationFile.load(from: migrations)
        _ = try DirectorySurvey(directory)
        try Self.makeFolder(directory)
        lock = try DirectoryLock(directory: directory)
        // Once more, now that no other server can change it.
        let survey = try DirectorySurvey(directory)
        var marker = survey.marker
        if marker == nil, !survey.hasDatabase {
            marker = DirectoryMarker(format: DirectoryMarker.currentFormat, id: options.makeIdentifier("dir"))
            try marker?.write(in: directory)
        }
        let known = marker?.id
        let (pool, id) = try Self.opening(directory) {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(options.busyTimeout / .seconds(1))
            let path = directory.appendingPathComponent(DirectorySurvey.databaseName).path
            let pool = try DatabasePool(path: path, configuration: configuration)
            let id = try pool.writeWithoutTransaction { connection in
                // GRDB sets NORMAL when it turns write-ahead logging on, and NORMAL may lose the last commits when
                // the machine stops.
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                // Once a reader has let go of it, the log of changes shrinks to this.
                _ = try Int.fetchOne(connection, sql: "PRAGMA journal_size_limit = \(options.logLimit)")
                let owner = DirectoryOwner(connection: connection, directory: directory)
                try owner.check(known)
                if let finding = try IntegrityCheck(connection: connection).run() {
                    throw DirectoryError.damagedDatabase(directory: directory.path, finding: finding)
                }
                try Migrator(files: files, clock: options.clock).run(on: connection)
                return try owner.settle(known ?? options.makeIdentifier("dir"))
            }
            return (pool, id)
        }
        self.pool = pool
        writes = GroupCommit(pool, beforeCommit: options.beforeCommit)
        if marker == nil {
            try DirectoryMarker(format: DirectoryMarker.currentFormat, id: id).write(in: directory)
        }
    }

    private static func makeFolder(_ directory: URL) throws {
        do throws(SystemError) { try Files.makeFolder(directory.path) } catch {
            throw DirectoryError.inaccessible(directory.path, error)
        }
    }

    /// Commits something that takes `size` bytes of new pages, and takes it away again.
    ///
    /// - Throws: ``StorageError`` when nothing can be written at the moment.
    package func probe(size: Int) async throws {
        let now = options.clock.now()
        try await write { connection in
            let sql = "UPDATE data_directory SET probed_at = ?, probe = randomblob(?)"
            try connection.execute(sql: sql, arguments: [now, size])
        }
        try await write { try $0.execute(sql: "UPDATE data_directory SET probe = NULL") }
    }

    /// Empties the log of changes when it is larger than it may be. A reader that does not end, in this process or another,
    /// keeps its changes in it; nobody waits for that.
    ///
    /// - Returns: the size of the log in bytes, which is above ``Options/logLimit`` when it is held by a reader.
    package func trimLog() async throws -> Int {
        let log = pool.path + "-wal"
        return try await Self.translating {
            try await pool.writeWithoutTransaction { [options] connection in
                guard Self.size(of: log) > options.logLimit else { return Self.size(of: log) }
                // Everything that is to be written would wait with it for a reader.
                try connection.execute(sql: "PRAGMA busy_timeout = 0")
                defer {
                    try? connection.execute(sql: "PRAGMA busy_timeout = \(options.busyTimeout.milliseconds)")
                }
                _ = try Row.fetchOne(connection, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                return Self.size(of: log)
            }
        }
    }

    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Waits for the work under way, closes the connections, ends all change streams and gives the data directory
    /// up. Whatever is asked of the stores afterwards fails. Doing so again is harmless.
    package func close() throws {
        changes.finish()
        try isClosed.withLock { isClosed in
            guard !isClosed else { return }
            // The connection that closes last cannot write, so that the log of changes would stay beside a database without
            // them: no copy of the file alone would be a backup, and one put back would be mixed with what came after it.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try Self.translating { try pool.close() }
            isClosed = true
        }
        lock.release()
    }

    /// Runs `body` on a connection that cannot write and sees one unchanging state of the database.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        switch options.execution {
        case .queues: return try await Self.translating { try await pool.read(body) }
        case .inline(let pause):
            await pause()
            return try readNow(body)
        }
    }

    /// Runs `body` in a transaction that commits when it returns and leaves nothing when it throws. It may be run together
    /// with others, and is not given up when the task is cancelled.
    func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        switch options.execution {
        case .queues: return try await Self.translating { try await writes.write(body) }
        case .inline(let pause):
            await pause()
            let value = try Self.translating { try writes.writeNow(body) }
            await pause()
            return value
        }
    }

    /// Runs `body` on the connection that writes, between two transactions.
    func betweenWrites<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await Self.translating { try await pool.writeWithoutTransaction(body) }
    }

    /// Announces a change once the transaction under way has committed, and not at all when it fails.
    func announce(_ topics: ChangeHub.Topic...) {
        writes.announce { [changes] in
            for topic in topics { changes.publish(topic) }
        }
    }

    /// Tells of a change of the models once the transaction under way has committed, and not at all when it fails.
    func announce(_ change: ModelChange) {
        writes.announce { [self] in
            let listeners = modelListeners.withLock { $0 }
            for listener in listeners { listener(change) }
        }
    }

    /// Has `body` called once the transaction under way has committed, before anything else is written, and not at all when it
    /// fails.
    func afterCommit(_ body: @escaping @Sendable () -> Void) { writes.announce(body) }

    func onModelChange(_ body: @escaping @Sendable (ModelChange) -> Void) {
        modelListeners.withLock { $0.append(body) }
    }

    /// ``read(_:)`` on the thread of the caller.
    func readNow<T>(_ body: (Connection) throws -> T) throws -> T {
        try Self.translating { try pool.read(body) }
    }

    /// Says of a database that is found damaged in which directory it lies.
    private static func opening<T>(_ directory: URL, _ body: () throws -> T) throws -> T {
        do { return try translating(body) } catch let error as StorageError where error.kind == .corrupt {
            throw DirectoryError.damagedDatabase(directory: directory.path, finding: error.message)
        }
    }

    static func translating<T>(_ body: () throws -> T) throws -> T {
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
