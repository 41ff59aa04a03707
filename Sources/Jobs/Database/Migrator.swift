import GRDB
import Platform

/// Brings a schema from where it is to the last migration file, each file in a transaction of its own with the row that
/// records it.
struct Migrator {
    var files: [MigrationFile]
    var clock: WallClock

    /// Applies the files that the database lacks.
    ///
    /// - Throws: ``MigrationError``; migrations before the failing one stay applied.
    func run(on connection: Connection) throws {
        try connection.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS migrations (
                    number INTEGER PRIMARY KEY,
                    name TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    applied_at INTEGER NOT NULL
                ) STRICT
                """
        )
        let applied = try Row.fetchAll(connection, sql: "SELECT number, name, digest FROM migrations ORDER BY number")
        for (index, row) in applied.enumerated() {
            guard row["number"] == index + 1 else {
                throw MigrationError.gap(missing: index + 1)
            }
            guard index < files.count else {
                throw MigrationError.newerDatabase(applied: applied.last?["number"] ?? 0, known: files.count)
            }
            guard row["digest"] == files[index].digest else {
                throw MigrationError.changed(file: files[index].name)
            }
        }
        // A later migration may have to rebuild a table others refer to, which SQLite only lets happen with foreign keys
        // off, outside of a transaction. Each migration is checked as a whole instead, before it commits.
        try connection.execute(sql: "PRAGMA foreign_keys = OFF")
        for file in files.dropFirst(applied.count) {
            do {
                try apply(file, on: connection)
            } catch let error as DatabaseError {
                throw MigrationError.failed(file: file.name, reason: error.message ?? error.description)
            }
        }
        try connection.execute(sql: "PRAGMA foreign_keys = ON")
    }

    private func apply(_ file: MigrationFile, on connection: Connection) throws {
        try connection.inTransaction(.immediate) {
            try connection.execute(sql: file.sql)
            try connection.checkForeignKeys()
            try connection.execute(
                sql: "INSERT INTO migrations (number, name, digest, applied_at) VALUES (?, ?, ?, ?)",
                arguments: [file.number, file.name, file.digest, clock.now()]
            )
            return .commit
        }
    }
}
