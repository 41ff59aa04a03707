import Emotion
import Foundation
import HTTPTypes
import Jobs
import JSON
import Platform
import Testing

@testable import Service

struct SplitUploadTests {
    private static let lines: HTTPFields = [.contentType: "application/x-ndjson"]

    @Test func takesArchivesAndTellsWhatIsInThem() async throws {
        let service = try TestService.make()
        let id = try await service.makeSyntheticDataset()
        let shown = try await service.get("/v1/datasets/\(id)").json
        #expect(shown["status"].text == "ready")
        #expect(shown["labels"] == .array(["label_0", "label_1", "label_2"].map(JSONValue.string)))
        let report = shown["splits"]["train"]["report"]
        #expect(report["clips"] == .integer(48) && report["label_counts"].elements.count == 3)
        #expect(report["modalities"][0]["shape"] == .array([.integer(48), .integer(5), .integer(4)]))
        #expect(report["modalities"][0]["missing_rate"].double != nil)
        #expect(try service.files(in: "incoming").isEmpty)
    }

    @Test func takesLinesOfJSON() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(#", "labels": ["happy", "sad"]"#)
        let text = """
            {"id": "a", "text": [[1, 2], [3, 4]], "labels": ["happy"]}
            {"id": "b", "text": [[1, 2]], "audio": [[1]], "labels": [0, 1]}
            """
        let reply = try await service.put("train", id, Array(text.utf8), fields: Self.lines)
        #expect(reply.status == 201)
        #expect(try reply.json["splits"]["train"]["report"]["modalities"][0]["missing_rate"] == .number(0.5))
        #expect(try reply.json["status"].text == "incomplete")
    }

    @Test(arguments: [
        ("", "/file"),
        ("{\"text\": [[1, 2], [3]], \"labels\": [1, 0]}", "/clips/0/text"),
        ("{\"text\": [[1, 2]], \"labels\": [1, 2]}", "/clips/0/labels"),
        ("{\"text\": [[1, 2]], \"labels\": [1, 0]}\n{\"text\": [[1, 2, 3]], \"labels\": [1, 0]}", "/clips/1/text"),
        ("{\"text\": [[1, 1e99]], \"labels\": [1, 0]}", "/clips/0/text"),
        ("{\"text\": [[1, NaN]], \"labels\": [1, 0]}", "/clips/0/clip"),
        ("{\"smell\": [[1, 2]], \"labels\": [1, 0]}", "/clips/0/smell"),
        ("{\"text\": [[1, 2]]}", "/clips/0/labels"),
        ("{\"text\": [[1, 2]], \"labels\": [1, 0, 1]}", "/clips/0/labels"),
        ("{\"text\": [[1, 2]", "/clips/0/clip"),
    ])
    func namesRowFieldAndReason(text: String, pointer: String) async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset(#", "labels": ["happy", "sad"], "modalities": {"text": 2}"#)
        let reply = try await service.put("train", id, Array(text.utf8), fields: Self.lines)
        let errors = try expectProblem(reply, 422, "invalid_split")
        #expect(errors.keys.contains(pointer), "\(errors)")
        #expect(try service.files(in: "incoming").isEmpty)
        #expect(try service.files(in: "datasets").isEmpty)
        #expect(try await service.get("/v1/datasets/\(id)").json["status"].text == "empty")
    }

    @Test func refusesHostileArchives() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let whole = try #require(try SyntheticSplits.make([.train: 8]).first?.1)
        for bytes in [Array(whole.prefix(whole.count / 2)), Array("PK\u{3}\u{4}".utf8), Array("PK".utf8) + [0, 0]] {
            try expectProblem(try await service.put("train", id, bytes), 422, "invalid_split")
        }
        var damaged = whole
        for index in stride(from: 100, to: damaged.count, by: 97) { damaged[index] ^= 0x55 }
        try expectProblem(try await service.put("train", id, damaged), 422, "invalid_split")
        #expect(try service.files(in: "incoming").isEmpty)
        #expect(try await service.put("train", id, whole).status == 201)
    }

    @Test func namesTheClipOfAFeatureThatIsNotFinite() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        for value in [Float.nan, .infinity] {
            let archive = try Self.archive { try $0.add("text", shape: [2, 1, 2], [0, 1, value, 3]) }
            let errors = try expectProblem(try await service.put("train", id, archive), 422, "invalid_split")
            #expect(errors.keys.contains("/clips/1/text"), "\(errors)")
        }
    }

    @Test func wantsSplitsThatAgree() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let first = try Self.archive { try $0.add("text", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        #expect(try await service.put("train", id, first).status == 201)
        let wide = try Self.archive { try $0.add("text", shape: [2, 1, 3], [0, 1, 2, 3, 4, 5] as [Float]) }
        #expect(try expectProblem(await service.put("valid", id, wide), 422, "invalid_split").keys.contains("/text"))
        let other = try Self.archive { try $0.add("audio", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        #expect(try expectProblem(await service.put("valid", id, other), 422, "invalid_split").keys.contains("/audio"))
        let labels = try Self.archive(labels: 3) { try $0.add("text", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        #expect(
            try expectProblem(await service.put("valid", id, labels), 422, "invalid_split").keys.contains("/labels")
        )
        // The only split has no other to agree with.
        #expect(try await service.put("train", id, wide).status == 200)
        // A folder, the split, and what its clips are found again by.
        #expect(try service.files(in: "datasets").count == 3)
    }

    @Test func checksTheDigest() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let archive = try Self.archive { try $0.add("text", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        let hex = SHA256.digest(of: archive).dropFirst("sha256:".count)
        let bytes = stride(from: 0, to: 64, by: 2).map { offset in
            UInt8(hex.dropFirst(offset).prefix(2), radix: 16) ?? 0
        }
        let right = "sha-256=:\(Data(bytes).base64EncodedString()):"
        let wrong = "sha-256=:\(Data(count: 32).base64EncodedString()):"
        try expectProblem(
            await service.put("train", id, archive, fields: [.contentDigest: wrong]),
            422,
            "digest_mismatch"
        )
        try expectProblem(
            await service.put("train", id, archive, fields: [.contentDigest: "sha-256=:x:"]),
            400,
            "invalid_digest"
        )
        #expect(try await service.put("train", id, archive, fields: [.contentDigest: right]).status == 201)
    }

    @Test func refusesOtherTypesPlacesAndSizes() async throws {
        let service = try TestService.make { $0.maxUploadSize = 1000 }
        let id = try await service.makeDataset()
        try expectProblem(
            await service.put("train", id, [1], fields: [.contentType: "image/png"]),
            415,
            "unsupported_media_type"
        )
        try expectProblem(
            await service.put("train", id, Array("PK".utf8), fields: Self.lines),
            422,
            "invalid_split"
        )
        try expectProblem(
            await service.put("train", id, [1], fields: [.contentType: "application/zip"]),
            422,
            "invalid_split"
        )
        let unknown = try await service.put("train", id, Array("id,text".utf8))
        try expectProblem(unknown, 422, "invalid_split")
        #expect(try unknown.json["detail"].text == "file: is neither an npz archive nor lines of JSON objects")
        try expectProblem(await service.put("holdout", id, [1]), 404, "not_found")
        try expectProblem(await service.put("train", "ds_none", [1]), 404, "not_found")
    }

    @Test func keepsThePackedFileAlone() async throws {
        let service = try TestService.make()
        let id = try await service.makeDataset()
        let archive = try Self.archive { try $0.add("text", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        let lines = """
            {"text": [[0, 1]], "labels": [0, 1]}
            {"text": [[2, 3]], "labels": [0, 1]}
            """
        #expect(try await service.put("train", id, archive).status == 201)
        let splits = try await service.put("valid", id, Array(lines.utf8), fields: Self.lines).json["splits"]
        // The same clips, in files that differ.
        #expect(splits["train"]["content_digest"] == splits["valid"]["content_digest"])
        #expect(splits["train"]["digest"].text == SHA256.digest(of: archive))
        #expect(splits["train"]["bytes"] == .integer(archive.count))
        #expect(splits["valid"]["digest"].text == SHA256.digest(of: Array(lines.utf8)))
        let record = try #require(try await service.backend.datasets.get(id)?.splits.first)
        let packed = try PackedSplit(path: service.backend.directory.path(record.path))
        #expect(packed.contentDigest == splits["train"]["content_digest"].text)
        #expect(packed.clips.modalities["text"]?.values == [0, 1, 2, 3])
        #expect(packed.faultInRows() == nil)
        #expect(try service.files(in: "incoming").isEmpty)
        // It is not taken as an upload: what is in it has been checked by nobody.
        let bytes = Array(try Data(contentsOf: service.backend.directory.url(record.path)))
        let refused = try await service.put("test", id, bytes)
        try expectProblem(refused, 422, "invalid_split")
        #expect(try refused.json["detail"].text?.contains("packed split") == true)
    }

    @Test func nothingIsLeftOfARequestThatWasGivenUp() async throws {
        let service = try TestService.make()
        let dataset = try #require(try await service.backend.datasets.get(service.makeDataset()))
        let archive = try Self.archive { try $0.add("text", shape: [2, 1, 2], [0, 1, 2, 3] as [Float]) }
        let (path, incoming) = ("\(DataLayout.dataset(dataset.id))/train-1", DataLayout.incoming("1"))
        let (backend, packing) = (service.backend, DataLayout.packing("1"))
        let upload = Task {
            try await backend.files.making([incoming] + packing + SplitRecord.files(at: path)) {
                let file = try IncomingFile(incoming, in: backend.directory)
                try await file.append(archive)
                let record = SplitRecord(name: "train", digest: "sha256:1", byteCount: 0, path: path, document: Data())
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await UploadedSplit(backend: backend, file: file, packing: packing, record: record)
                    .pack(.unknown, replaceNonfinite: nil, for: dataset)
            }
        }
        await #expect(throws: CancellationError.self) { try await upload.value }
        #expect(try service.files(in: "incoming").isEmpty && service.files(in: "datasets").isEmpty)
        #expect(try await service.backend.files.pending.all().isEmpty)
    }

    private static func archive(labels: Int = 2, _ add: (NPZWriter) throws -> Void) throws -> [UInt8] {
        let file = URL.temporary()
        defer { try? FileManager.default.removeItem(at: file) }
        let writer = try NPZWriter(path: file.path)
        try add(writer)
        try writer.add("labels", shape: [2, labels], (0..<2 * labels).map { UInt8($0 % 2) })
        try writer.close()
        return Array(try Data(contentsOf: file))
    }
}
