import Foundation
import Testing

@testable import Jobs

@Suite struct ModelStoreTests {
    @Test func versionsCountUpWithinAName() async throws {
        let fixture = try Fixture.make()
        #expect(try await fixture.models.register(.make()).version == 1)
        #expect(try await fixture.models.register(.make(name: "other")).version == 1)
        let second = try await fixture.models.register(.make(directory: "models/2"))
        #expect(second.version == 2)
        #expect(try await fixture.models.newest("emo") == second)
        #expect(try await fixture.models.get("emo", version: 1)?.directory == "models/1")
        #expect(try await fixture.models.get("emo", version: 3) == nil)
        #expect(try await fixture.models.newest("none") == nil)
    }

    @Test func pagesByNameAndByVersion() async throws {
        let fixture = try Fixture.make()
        for name in ["b", "a", "c", "a"] {
            _ = try await fixture.models.register(.make(name: name))
        }
        let first = try await fixture.models.list(limit: 2)
        #expect(first.data.map(\.name) == ["a", "b"])
        #expect(first.data.map(\.version) == [2, 1])
        #expect(first.hasMore)
        let rest = try await fixture.models.list(after: "b", limit: 2)
        #expect(rest.data.map(\.name) == ["c"])
        #expect(!rest.hasMore)
        let versions = try await fixture.models.versions(of: "a", limit: 1)
        #expect(versions.data.map(\.version) == [2])
        #expect(versions.hasMore)
        #expect(try await fixture.models.versions(of: "a", after: 2).data.map(\.version) == [1])
    }

    @Test func parallelRegistrationsGetDifferentVersions() async throws {
        let fixture = try Fixture.make()
        let versions = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask { try await fixture.models.register(.make()).version }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(versions == Set(1...20))
    }
}
