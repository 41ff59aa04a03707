/// A file in npz format, or one of its arrays, cannot be read or written.
package struct NPZError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The file cannot be opened or is not a zip archive.
        case notAnArchive
        /// The name of an entry is not one of an array: it holds a path, or does not end in .npy.
        case badName
        case duplicateName
        case encrypted
        /// The archive or an entry uses what this reader leaves out: another compression, Python objects, …
        case unsupported
        /// More than the caller allows, or sizes that cannot be true.
        case tooLarge
        /// The header of an array is not one.
        case badHeader
        /// The data is shorter or longer than declared, or its checksum does not agree.
        case damaged
        case cannotWrite
    }

    package let kind: Kind
    /// The name of the file, without the directories it lies in.
    package let file: String
    /// The name of the entry or array, nil when the whole file is meant.
    package let entry: String?
    package let reason: String

    package init(_ kind: Kind, file: String, entry: String? = nil, reason: String) {
        self.kind = kind
        self.file = file
        self.entry = entry
        self.reason = reason
    }

    package var description: String {
        entry.map { "\(file): \($0): \(reason)" } ?? "\(file): \(reason)"
    }
}
