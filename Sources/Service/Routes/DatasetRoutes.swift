import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs

/// `/v1/datasets`, but for the upload of splits.
struct DatasetRoutes: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(.post, "/v1/datasets", body: .buffered(limit: 1 << 20), handler: create)
        router.on(.get, "/v1/datasets", handler: list)
        router.on(.get, "/v1/datasets/{id}", handler: get)
        router.on(.delete, "/v1/datasets/{id}", handler: delete)
    }

    @Sendable private func create(_ request: Request) async throws -> Response {
        let (name, document) = try DatasetRequest.read(request.body.bytes)
        let record = try await backend.datasets.create(name: name, document: JSONEncoder().encode(document))
        return try .encoding(DatasetView(record), status: .created, fields: [.location: "/v1/datasets/\(record.id)"])
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let listing = Listing(request)
        let page = try await backend.datasets.list(after: listing.after, limit: listing.limit())
        return try .encoding(page.document { try DatasetView($0) })
    }

    @Sendable private func get(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        guard let record = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        return try .encoding(DatasetView(record))
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        let record = try await backend.datasets.delete(request.parameters.require("id"))
        let directory = backend.directory
        try await backend.inspection.run { directory.remove(directory.url("datasets/\(record.id)")) }
        return Response(status: .noContent)
    }
}

/// The body of `POST /v1/datasets`.
enum DatasetRequest {
    static func read(_ body: [UInt8]) throws(Problem) -> (name: String, document: DatasetDocument) {
        var members = try JSONMembers(body: body, known: ["name", "modalities", "labels"])
        let name = members.string("name")
        if !members.hasError(at: "name"), !isValid(name: name) {
            members.fail("name", "must have 1 to 200 characters and no control characters")
        }
        var document = DatasetDocument()
        document.labels = members.names("labels")
        document.modalities = modalities(&members)
        try members.finish()
        return (name, document)
    }

    private static func isValid(name: String) -> Bool {
        (1...200).contains(name.count) && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// `{"text": 300}` or, as answers have it, `[{"name": "text", "feature_size": 300}]`.
    private static func modalities(_ members: inout JSONMembers) -> [Modality]? {
        let pointer = members.pointer(to: "modalities")
        var sizes: [(name: String, size: JSON, pointer: String)] = []
        switch members.take("modalities") {
        case nil: return nil
        case .object(let object)? where !object.isEmpty:
            sizes = object.sorted { $0.key < $1.key }.map { ($0.key, $0.value, FieldError.pointer(pointer, $0.key)) }
        case .array(let array)? where !array.isEmpty:
            for (index, element) in array.enumerated() {
                guard case .object(let object) = element, case .string(let name)? = object["name"],
                    let size = object["feature_size"], object.count == 2
                else {
                    members.fail("modalities/\(index)", "must have the members name and feature_size")
                    continue
                }
                sizes.append((name, size, "\(pointer)/\(index)"))
            }
        default:
            members.fail("modalities", "must be an object of names and feature sizes, at least one")
        }
        var modalities: [Modality] = []
        for (name, size, pointer) in sizes {
            if let fault = Modality.fault(inName: name) {
                members.fail([FieldError(pointer: pointer, detail: fault)])
            } else if modalities.contains(where: { $0.name == name }) {
                members.fail([FieldError(pointer: pointer, detail: "the name \"\(name)\" comes twice")])
            } else if case .integer(let size) = size, (1...1 << 20).contains(size) {
                modalities.append(Modality(name: name, featureSize: size))
            } else {
                let detail = "\(size.kind) is not a feature size, an integer from 1 to \(1 << 20)"
                members.fail([FieldError(pointer: pointer, detail: detail)])
            }
        }
        return modalities
    }
}

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
        splits = Dictionary(
            uniqueKeysWithValues: try record.splits.map {
                ($0.name, Split(digest: $0.digest, bytes: $0.byteCount, report: try $0.report))
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
