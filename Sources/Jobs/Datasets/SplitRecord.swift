package import Foundation
import GRDB

/// One split of a data set: a file and what is known about it.
package struct SplitRecord: Sendable, Equatable {
    package var name: String
    /// Digest of the file that was uploaded, `sha256:…`.
    package var digest: String
    /// Size of that file in bytes.
    package var byteCount: Int64
    /// The file that the clips are kept in, relative to the data directory.
    package var path: String
    /// JSON of the service.
    package var document: Data

    package init(name: String, digest: String, byteCount: Int64, path: String, document: Data) {
        self.name = name
        self.digest = digest
        self.byteCount = byteCount
        self.path = path
        self.document = document
    }
}

extension SplitRecord {
    /// The file beside the split's that tells its clips from those of other splits.
    package var fingerprintsPath: String { Self.files(at: path)[1] }

    /// All files of the split, relative to the data directory.
    package var files: [String] { Self.files(at: path) }

    /// All files of a split whose clips are in the file at `path`; the others lie beside it.
    package static func files(at path: String) -> [String] {
        let (folder, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
        return [path, "\(folder)/fingerprints-\(name)"]
    }

    /// From a row of `dataset_splits`.
    init(_ row: Row) {
        self.init(
            name: row["name"],
            digest: row["digest"],
            byteCount: row["byte_count"],
            path: row["path"],
            document: row.document("document")
        )
    }
}
