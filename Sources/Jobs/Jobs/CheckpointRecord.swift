package import Foundation
import GRDB

/// A training of a job that can go on: a file, and how far the training was.
package struct CheckpointRecord: Sendable, Equatable {
    /// Optimizer steps done.
    package var step: Int
    /// Epochs done.
    package var epoch: Int
    /// The attempt that wrote it.
    package var attempt: Int
    /// Of the file, `sha256:…`.
    package var digest: String
    package var byteCount: Int64
    /// The file, relative to the data directory.
    package var path: String
    /// A JSON object of the worker: how far the training was, for people.
    package var document: Data
    /// Milliseconds since 1970.
    package var createdAt: Int64
}

extension CheckpointRecord {
    /// From a row of `checkpoints`.
    init(_ row: Row) {
        self.init(
            step: row["step"],
            epoch: row["epoch"],
            attempt: row["attempt"],
            digest: row["digest"],
            byteCount: row["byte_count"],
            path: row["path"],
            document: row.document("document"),
            createdAt: row["created_at"]
        )
    }
}
