package import Foundation
import GRDB

/// A data set as stored.
package struct DatasetRecord: Sendable, Equatable {
    package var id: String
    package var name: String
    /// JSON of the service.
    package var document: Data
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// When the first job used it, in milliseconds since 1970; from then on its splits never change.
    package var frozenAt: Int64?
    /// In the order of their names.
    package var splits: [SplitRecord]

    package init(
        id: String,
        name: String,
        document: Data,
        createdAt: Int64,
        frozenAt: Int64? = nil,
        splits: [SplitRecord] = []
    ) {
        self.id = id
        self.name = name
        self.document = document
        self.createdAt = createdAt
        self.frozenAt = frozenAt
        self.splits = splits
    }
}

extension DatasetRecord {
    /// From a row of `datasets`, without splits.
    init(_ row: Row) {
        self.init(
            id: row["id"],
            name: row["name"],
            document: row.document("document"),
            createdAt: row["created_at"],
            frozenAt: row["frozen_at"]
        )
    }
}

extension Row {
    /// JSON kept as text, so that it can be read and queried with SQLite's own tools.
    func document(_ column: String) -> Data {
        Data((self[column] as String).utf8)
    }

    func documentIfPresent(_ column: String) -> Data? {
        (self[column] as String?).map { Data($0.utf8) }
    }
}

extension Data {
    /// The form in which a document is stored.
    var text: String {
        String(decoding: self, as: UTF8.self)
    }
}
