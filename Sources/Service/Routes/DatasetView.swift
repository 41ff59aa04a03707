import Emotion
import Foundation
import Jobs

/// A data set as clients see it.
struct DatasetView: Encodable {
    private enum Status: String, Encodable {
        /// Without splits.
        case empty
        /// Without the splits a training needs.
        case incomplete
        case ready
    }

    private struct Split: Encodable {
        let digest: String
        let contentDigest: String?
        let bytes: Int64
        let report: SplitReport
    }

    private let object = "dataset"
    private let id: String
    private let name: String
    private let status: Status
    /// Whether a job uses it, so that its splits cannot change any more.
    private let immutable: Bool
    private let createdAt: Timestamp
    private let modalities: [Modality]?
    private let labels: [String]?
    /// Whether features that are not finite are read as 0.
    private let replaceNonfinite: Bool
    private let splits: [String: Split]

    init(_ record: DatasetRecord) throws {
        let schema = try DatasetSchema(record)
        id = record.id
        name = record.name
        status = record.splits.isEmpty ? .empty : record.missingSplits.isEmpty ? .ready : .incomplete
        immutable = record.frozenAt != nil
        createdAt = Timestamp(record.createdAt)
        modalities = schema.modalities
        labels = schema.labels
        replaceNonfinite = schema.replacesNonfinite
        splits = Dictionary(
            uniqueKeysWithValues: try record.splits.map {
                let contents = try $0.contents
                let split = Split(
                    digest: $0.digest,
                    contentDigest: contents.contentDigest,
                    bytes: $0.byteCount,
                    report: contents.report(among: record.splits)
                )
                return ($0.name, split)
            }
        )
    }
}

extension DatasetRecord {
    /// The splits that a training needs and that are not there.
    var missingSplits: [String] {
        [DatasetDirectory.Split.train, .valid].map(\.rawValue).filter { name in
            !splits.contains { $0.name == name }
        }
    }
}
