import Foundation

/// A file operation that failed.
struct DiskError: Error, Equatable, CustomStringConvertible {
    /// The system call and the file.
    let operation: String
    let code: Int32

    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    /// Whether there was no room left.
    var isFull: Bool { code == ENOSPC || code == EDQUOT }

    var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
