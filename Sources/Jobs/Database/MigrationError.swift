/// Why a database and the migration files do not fit together.
package enum MigrationError: Error, Equatable, CustomStringConvertible {
    /// The directory cannot be listed or a file in it cannot be read.
    case unreadable(path: String, reason: String)
    /// A file's name is not four digits, a hyphen, a name in lowercase letters, digits and hyphens, and `.sql`.
    case badName(String)
    /// Two files with the same number.
    case duplicate(number: Int)
    /// The files, or the migrations applied, are not numbered 1, 2, 3, …
    case gap(missing: Int)
    /// A file is not what it was when it was applied.
    case changed(file: String)
    /// The database was written by a newer release: `applied` is its last migration, `known` the last file.
    case newerDatabase(applied: Int, known: Int)
    /// The SQL of a file failed; nothing of it was kept.
    case failed(file: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read migrations at \(path): \(reason)"
        case .badName(let name):
            "migration \(name) is not named NNNN-name.sql"
        case .duplicate(let number):
            "two migrations have the number \(number)"
        case .gap(let missing):
            "migration number \(missing) is missing"
        case .changed(let file):
            "migration \(file) has changed since it was applied to this database"
        case .newerDatabase(let applied, let known):
            "the database is of a newer release: it has migration \(applied), this release knows \(known)"
        case .failed(let file, let reason):
            "migration \(file) failed: \(reason)"
        }
    }
}
