import GRDB

/// A failure of the database itself, not of what was asked of it.
package struct StorageError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// No space left on the disk.
        case full
        /// Another connection held the database for longer than the busy timeout.
        case busy
        /// The disk refused to read or write, or the file cannot be opened or written.
        case disk
        /// The file is damaged, or is not a database.
        case corrupt
        /// Anything else, such as a violated constraint: a fault of our own.
        case other
    }

    package var kind: Kind
    /// SQLite's extended result code.
    package var code: Int
    package var message: String

    /// Whether the same request may succeed later, with nothing changed but the state of the machine.
    package var isTemporary: Bool {
        switch kind {
        case .full, .busy, .disk: true
        case .corrupt, .other: false
        }
    }

    package var description: String {
        "the database failed: \(message) (SQLite code \(code))"
    }
}

extension StorageError {
    init(_ error: DatabaseError) {
        let kind: Kind =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY: .disk
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            default: .other
            }
        self.init(
            kind: kind,
            code: Int(error.extendedResultCode.rawValue),
            message: error.message ?? String(describing: error.resultCode)
        )
    }
}
