import Foundation
import Platform

/// Standard error, written at once.
enum StandardError {
    static func write(_ text: String) {
        // There is nowhere to tell that standard error cannot be written.
        try? Descriptor.writeAll(Array(text.utf8), to: STDERR_FILENO)
    }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb" }

    /// Columns of the terminal at this moment.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// Standard output, written at once so that a reader sees each answer when it is there.
enum StandardOutput {
    /// - Throws: ``Failure`` when the text cannot be written, for example to a full disk.
    static func write(_ text: String) throws {
        do throws(SystemError) { try Descriptor.writeAll(Array(text.utf8), to: STDOUT_FILENO) } catch {
            throw Failure(.inputOutput, "standard output: \(error.reason)")
        }
    }
}
