import Foundation

/// A system call that failed.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Name of the call.
    package let operation: String
    /// The file it was about, for people who may know of it: the command line and the log. Never sent to a client.
    package let path: String?
    /// `errno` after it.
    package let code: Int32

    package init(_ operation: String, path: String? = nil, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Whether there was no room left.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the process, or the machine, had as many files open as it may.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

    /// What the system says about it, such as "No space left on device".
    package var reason: String { String(cString: strerror(code)) }

    package var description: String {
        path.map { "\($0): \(operation): \(reason)" } ?? "\(operation): \(reason)"
    }
}
