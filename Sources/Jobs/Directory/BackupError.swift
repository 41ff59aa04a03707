package import Platform

/// Why a data directory could not be copied: one sentence for whoever asked for it.
package enum BackupError: Error, Equatable, CustomStringConvertible {
    /// There is no data directory with a database.
    case noDatabase(directory: String)
    /// The copy is to lie where something is already.
    case targetInUse(String)
    /// The database is damaged, and so would be the copy.
    case damaged(directory: String, finding: String)
    /// Files were deleted faster than they could be copied.
    case changing(rounds: Int)
    /// A file could not be read or written.
    case system(SystemError)

    package var description: String {
        switch self {
        case .noDatabase(let directory): "\(directory) is not a data directory of Limbic with a database"
        case .targetInUse(let path): "\(path) is not empty: name an empty or a new directory for the backup"
        case .damaged(let directory, let finding):
            "the database in \(directory) is damaged and was not copied (\(finding)): keep the backups there are"
        case .changing(let rounds): "files were deleted during each of \(rounds) attempts to copy them: try again later"
        case .system(let error): "the backup could not be made: \(error)"
        }
    }
}
