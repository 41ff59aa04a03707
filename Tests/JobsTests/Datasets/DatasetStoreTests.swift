import Foundation
import Testing

@testable import Jobs

@Suite struct DatasetStoreTests {
    @Test func createdIsFoundAgain() async throws {
        let fixture = try Fixture.make()
        let made = try await fixture.datasets.create(name: "words", document: Data(#"{"ä":1}"#.utf8))
        #expect(made.id.hasPrefix("ds_"))
        #expect(made.frozenAt == nil)
        #expect(try await fixture.datasets.get(made.id) == made)
        #expect(try await fixture.datasets.get("ds_none") == nil)
    }

    @Test func pagesFromTheNewest() async throws {
        let fixture = try Fixture.make()
        var ids: [String] = []
        for index in 0..<5 {
            ids.append(try await fixture.datasets.create(name: "\(index)", document: Data("{}".utf8)).id)
        }
        let first = try await fixture.datasets.list(limit: 3)
        #expect(first.data.map(\.id) == [ids[4], ids[3], ids[2]])
        #expect(first.hasMore)
        let second = try await fixture.datasets.list(after: ids[2], limit: 3)
        #expect(second.data.map(\.id) == [ids[1], ids[0]])
        #expect(!second.hasMore)
        await #expect(throws: DatasetStoreError.unknownCursor("ds_none")) {
            try await fixture.datasets.list(after: "ds_none")
        }
    }

    @Test func splitIsReplacedAndTheDocumentRevised() async throws {
        let fixture = try Fixture.make()
        let dataset = try await fixture.datasets.create(name: "words", document: Data("{}".utf8))
        let train = SplitRecord.make(digest: "sha256:aa")
        let first = try await fixture.datasets.put(train, in: dataset.id)
        #expect(first.replaced == nil)
        _ = try await fixture.datasets.put(.make(name: "test"), in: dataset.id)
        let second = try await fixture.datasets.put(.make(digest: "sha256:bb"), in: dataset.id) { dataset in
            Data(#"{"splits":\#(dataset.splits.count)}"#.utf8)
        }
        #expect(second.replaced == train)
        #expect(second.dataset.splits.map(\.name) == ["test", "train"])
        #expect(second.dataset.splits.last?.digest == "sha256:bb")
        #expect(second.dataset.document == Data(#"{"splits":2}"#.utf8))
        #expect(try await fixture.datasets.get(dataset.id) == second.dataset)
    }

    @Test func revisionThatThrowsChangesNothing() async throws {
        struct Refusal: Error {}
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset()
        await #expect(throws: Refusal.self) {
            try await fixture.datasets.put(.make(name: "test"), in: dataset.id) { _ in throw Refusal() }
        }
        #expect(try await fixture.datasets.get(dataset.id) == dataset)
    }

    @Test func useByAJobFreezesIt() async throws {
        let fixture = try Fixture.make()
        let job = try await fixture.submit()
        #expect(try await fixture.datasets.get(job.dataset)?.frozenAt == job.createdAt)
        await #expect(throws: DatasetStoreError.frozen(id: job.dataset)) {
            try await fixture.datasets.put(.make(), in: job.dataset)
        }
        await #expect(throws: DatasetStoreError.inUse(id: job.dataset)) {
            try await fixture.datasets.delete(job.dataset)
        }
    }

    @Test func unusedIsDeletedWithItsSplits() async throws {
        let fixture = try Fixture.make()
        let dataset = try await fixture.makeDataset()
        let files = try await fixture.datasets.delete(dataset.id)
        #expect(files == ["datasets/train", "datasets/fingerprints-train", "datasets/\(dataset.id)/"])
        #expect(try await PendingFiles(fixture.database).all() == files.sorted(by: >))
        #expect(try await fixture.datasets.get(dataset.id) == nil)
        await #expect(throws: DatasetStoreError.notFound(id: dataset.id)) {
            try await fixture.datasets.delete(dataset.id)
        }
        await #expect(throws: DatasetStoreError.notFound(id: dataset.id)) {
            try await fixture.datasets.put(.make(), in: dataset.id)
        }
    }
}
