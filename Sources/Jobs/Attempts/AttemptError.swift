import Foundation

/// Why an attempt could not be begun or its result not be used. The reason is what clients see as the error of the job, so it
/// holds no path, SQL or name of a type.
package struct AttemptError: Error, Equatable, Sendable, CustomStringConvertible {
    package let reason: String
    /// Whether the same may succeed later, with nothing changed but the state of the machine: the attempt is then interrupted
    /// and does not count.
    package let isTemporary: Bool

    package init(_ reason: String, isTemporary: Bool = false) {
        self.reason = reason
        self.isTemporary = isTemporary
    }

    package var description: String { reason }

    /// A system call that failed with `code` while the attempt was `what`, such as "the worker could not be started".
    package init(_ what: String, code: Int32) {
        let temporary: Set<Int32> = [EMFILE, ENFILE, EAGAIN, ENOMEM, ENOSPC, EDQUOT]
        self.init("\(what): \(String(cString: strerror(code)))", isTemporary: temporary.contains(code))
    }
}
