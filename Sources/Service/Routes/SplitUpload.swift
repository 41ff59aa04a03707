import Emotion
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Platform

/// `PUT /v1/datasets/{id}/splits/{split}`: a file goes to the disk as it comes, is checked there and packed into another file,
/// which only then becomes part of the data set. Of the file itself nothing stays, nor of anything when it is refused.
struct SplitUpload: Sendable {
    let backend: Backend

    @Sendable func put(_ request: Request) async throws -> Response {
        let id = request.parameters.require("id")
        let name = request.parameters.require("split")
        guard let split = DatasetDirectory.Split(rawValue: name) else {
            throw Problem.notFound("split \(name); there are: train, valid, test")
        }
        // What can be refused is refused before gigabytes have come.
        let format = UploadFormat(request.fields)
        let expected = try ContentDigest(request.fields)
        let replaceNonfinite = request[Self.replaceNonfinite]
        guard let dataset = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        guard dataset.frozenAt == nil else { throw DatasetStoreError.frozen(id: id) }

        // A name of its own, because a file in use under a recorded name never changes.
        let identifier = UUID().uuidString
        let incoming = DataLayout.incoming(identifier)
        let packing = DataLayout.packing(identifier)
        let path = "\(DataLayout.dataset(id))/\(split.rawValue)-\(identifier)"
        let (kept, replaced) = try await backend.files.making([incoming] + packing + SplitRecord.files(at: path)) {
            let file = try IncomingFile(incoming, in: backend.directory)
            let (digest, byteCount) = try await file.receive(request.body, expecting: expected)
            let record = SplitRecord(
                name: split.rawValue, digest: digest, byteCount: byteCount, path: path, document: Data())
            let upload = UploadedSplit(backend: backend, file: file, packing: packing, record: record)
            let packed = try await upload.pack(format, replaceNonfinite: replaceNonfinite, for: dataset)
            return try await upload.keep(packed, in: id)
        }
        // What follows undoes nothing: the split is recorded.
        await backend.files.discard([incoming] + packing + (replaced?.files ?? []))
        return try .encoding(DatasetView(kept), status: replaced == nil ? .created : .ok)
    }
}
