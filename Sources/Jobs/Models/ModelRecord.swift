package import Foundation
import GRDB

/// One version of a model.
package struct ModelRecord: Sendable, Equatable {
    package var name: String
    /// 1, 2, 3, … within the name.
    package var version: Int
    /// The job it came of; nil for weights that were brought in.
    package var job: String?
    /// The id of the data set it was trained on; nil for weights that were brought in.
    package var dataset: String?
    /// Digest of its files, weights and configuration, `sha256:…`.
    package var digest: String
    /// Its files, relative to the data directory.
    package var directory: String
    /// JSON of the service.
    package var document: Data
    /// Milliseconds since 1970.
    package var createdAt: Int64
}

/// Something new about the models.
package enum ModelChange: Sendable {
    case version(ModelRecord)
    case alias(AliasRecord)
}

extension ModelRecord {
    /// From a row of `model_versions` with the column `job_id`.
    init(_ row: Row) {
        self.init(
            name: row["name"],
            version: row["version"],
            job: row["job_id"],
            dataset: row["dataset"],
            digest: row["digest"],
            directory: row["directory"],
            document: row.document("document"),
            createdAt: row["created_at"]
        )
    }
}

/// A model whose files are in place, and which gets its version with the row.
package struct ModelDraft: Sendable, Equatable {
    package var name: String
    /// Digest of its files, weights and configuration, `sha256:…`.
    package var digest: String
    /// Its files, relative to the data directory.
    package var directory: String
    /// JSON of the service.
    package var document: Data

    package init(name: String, digest: String, directory: String, document: Data) {
        self.name = name
        self.digest = digest
        self.directory = directory
        self.document = document
    }
}
