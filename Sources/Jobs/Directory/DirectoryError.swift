package import Platform

/// Why a directory cannot be used as a data directory. The descriptions are for whoever started the server: one sentence that
/// says what is wrong and what to do.
package enum DirectoryError: Error, Equatable, CustomStringConvertible {
    /// Another server works on the directory. `holder` is its process number, where known.
    case alreadyInUse(directory: String, holder: Int32?)
    /// There is no data directory with a database.
    case noDatabase(directory: String)
    /// `/`, which belongs to everyone.
    case root
    case notADirectory(String)
    /// A symbolic link to something that is not there.
    case brokenLink(String, target: String)
    /// It may not be read or written.
    case inaccessible(String, SystemError)
    /// It holds something, and nothing of ours. `examples` are a few of the names.
    case foreign(directory: String, examples: [String])
    /// It has lost its database, but not its files, a few of which are the `examples`.
    case lostDatabase(directory: String, examples: [String])
    /// The database in it is that of another data directory.
    case otherDatabase(directory: String)
    /// Its database is damaged; `finding` is what SQLite says of it.
    case damagedDatabase(directory: String, finding: String)
    /// Its marker cannot be read.
    case unreadableMarker(directory: String)
    /// Its layout is that of a newer release.
    case newerFormat(directory: String, format: Int)

    package var description: String {
        switch self {
        case .alreadyInUse(let directory, let holder):
            let process = holder.map { " (process \($0))" } ?? ""
            return "the data directory \(directory) is in use by another server\(process)"
        case .noDatabase(let directory):
            return "\(directory) is not a data directory of Limbic with a database"
        case .root:
            return "the root of the file system cannot be a data directory: name a directory of its own"
        case .notADirectory(let path):
            return "\(path) is not a directory, so it cannot be a data directory"
        case .brokenLink(let path, let target):
            return "\(path) is a link to \(target), which is not there: make that directory or name another one"
        case .inaccessible(let path, let error):
            return "the data directory \(path) cannot be used: \(error)"
        case .foreign(let directory, let examples):
            return """
                \(directory) is not a data directory of Limbic and is not empty (it holds \(Self.list(examples))): \
                name an empty or a new directory
                """
        case .lostDatabase(let directory, let examples):
            return """
                the data directory \(directory) has lost its database, without which its files cannot be used (it holds \
                \(Self.list(examples))): restore limbic.sqlite, or move \(Self.list(examples)) away to begin anew
                """
        case .otherDatabase(let directory):
            return """
                the limbic.sqlite in \(directory) belongs to another data directory: restore the one that belongs here, or \
                move all files of the other directory here
                """
        case .damagedDatabase(let directory, let finding):
            return """
                the limbic.sqlite in \(directory) is damaged (\(finding)): start on a backup, or save what sqlite3's .recover \
                can read of it
                """
        case .unreadableMarker(let directory):
            return """
                \(DirectoryMarker.fileName) in \(directory) cannot be read: restore it, or remove it when limbic.sqlite is the \
                one that belongs here
                """
        case .newerFormat(let directory, let format):
            return """
                the data directory \(directory) is of a newer release (format \(format); this release knows \
                \(DirectoryMarker.currentFormat))
                """
        }
    }

    private static func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
