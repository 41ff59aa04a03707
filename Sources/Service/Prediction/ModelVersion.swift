import Emotion
import HTTP
import Jobs
import Platform

/// A version of a model as the registry keeps it.
final class ModelVersion: Sendable {
    let name: String
    let number: Int
    /// `sha256:…`
    let digest: String
    /// Of its configuration as it was registered.
    let configurationDigest: String
    /// Its files, relative to the data directory.
    let directory: String
    let labels: [String]
    let modalities: [Modality]
    /// As clients see it; made once, since it does not change.
    let document: [UInt8]
    /// Of ``document``, with quotes.
    let entityTag: String
    private let record: ModelRecord

    /// Throws when the document of the record is none of ours.
    init(_ record: ModelRecord) throws {
        self.record = record
        name = record.name
        number = record.version
        digest = record.digest
        configurationDigest = SHA256.digest(of: record.document)
        directory = record.directory
        let view = try VersionView(record)
        labels = view.labels
        modalities = view.modalities
        guard case .bytes(let bytes) = Response.encoding(view).body else {
            preconditionFailure("a document is encoded to bytes")
        }
        document = bytes
        entityTag = "\"\(SHA256.digest(of: bytes).suffix(32))\""
    }

    /// Read anew each time: it is seldom asked for, and most of it is in ``document`` already.
    func configuration() throws -> ModelConfiguration { try record.configuration }

    /// In the words of an error.
    var title: String { "version \(number) of model \(name)" }
}
