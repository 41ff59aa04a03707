import Foundation

/// Why the database of a data directory could not be opened.
package enum OpenError: Error, Equatable, CustomStringConvertible {
    /// Another server works on the directory. `holder` is its process number, where known.
    case alreadyInUse(directory: String, holder: Int32?)
    /// A system call failed.
    case system(operation: String, errno: Int32)

    package var description: String {
        switch self {
        case .alreadyInUse(let directory, let holder):
            let process = holder.map { " (process \($0))" } ?? ""
            return "the data directory \(directory) is in use by another server\(process)"
        case .system(let operation, let errno):
            return "\(operation): \(String(cString: strerror(errno)))"
        }
    }
}
