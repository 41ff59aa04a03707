import GRDB

/// A name for a version of a model, which can be moved to another.
package struct AliasRecord: Sendable, Equatable {
    /// Of the model.
    package var name: String
    package var alias: String
    /// nil when the alias was removed.
    package var version: Int?
    /// Grows with each change.
    package var revision: Int
    /// Milliseconds since 1970.
    package var updatedAt: Int64
}

extension AliasRecord {
    /// From a row of `model_aliases`.
    init(_ row: Row) {
        self.init(
            name: row["name"], alias: row["alias"], version: row["version"], revision: row["revision"],
            updatedAt: row["updated_at"])
    }
}

/// Why an alias cannot be changed.
package enum AliasError: Error, Equatable {
    /// There is no such version of the model.
    case unknownVersion(Int, model: String)
    /// The alias is not there.
    case notFound(String, model: String)
}
