import Foundation
import Platform
import Testing

@testable import Jobs

struct KeyStoreTests {
    private let told = Mutex<[KeyRecord]>([])
    private let fixture: Fixture
    private var store: KeyStore { KeyStore(fixture.database) }

    init() throws { fixture = try Fixture.make() }

    @Test func keepsDigestsAndNoSecrets() async throws {
        let draft = KeyDraft(name: "ci", scopes: [.train, .predict], rateLimit: 60)
        let (record, secret) = try await store.create(draft) { record in told.withLock { $0.append(record) } }
        #expect(record.scopes == [.predict, .train] && record.name == "ci" && record.rateLimit == 60)
        #expect(record.digest == SHA256.bytes(of: Array(secret.text.utf8)) && record.revokedAt == nil)
        #expect(secret.text.wholeMatch(of: /lk_[A-Za-z0-9_-]{43}/) != nil)
        #expect(told.withLock { $0 } == [record])
        #expect(try await store.create(draft) { _ in }.1.text != secret.text)
        let files = try FileManager.default.contentsOfDirectory(at: fixture.directory, includingPropertiesForKeys: nil)
        for file in files {
            #expect(try Data(contentsOf: file).range(of: Data(secret.text.utf8)) == nil, "\(file.lastPathComponent)")
        }
    }

    @Test func revokesForGood() async throws {
        let id = try await store.create(KeyDraft(scopes: [.admin])) { _ in }.0.id
        for _ in 0..<2 { try await store.revoke(id) { record in told.withLock { $0.append(record) } } }
        let records = told.withLock { $0 }
        #expect(records.count == 2 && records[0].revokedAt != nil && records[0] == records[1])
        #expect(try store.all() == [records[0]])
        await #expect(throws: KeyStoreError.notFound(id: "key_0")) { try await store.revoke("key_0") { _ in } }
    }

    @Test func listsFromTheNewestInPages() async throws {
        for name in ["a", "b", "c"] { _ = try await store.create(KeyDraft(name: name, scopes: [.predict])) { _ in } }
        let first = try await store.list(limit: 2)
        #expect(first.data.map(\.name) == ["c", "b"] && first.hasMore)
        let rest = try await store.list(after: first.data[1].id, limit: 2)
        #expect(rest.data.map(\.name) == ["a"] && !rest.hasMore)
        await #expect(throws: KeyStoreError.unknownCursor("key_0")) { try await store.list(after: "key_0") }
    }

    @Test func writesDownUses() async throws {
        let id = try await store.create(KeyDraft(scopes: [.predict])) { _ in }.0.id
        try await store.recordUses([id: 77, "key_0": 78])
        #expect(try store.all().map(\.usedAt) == [77])
    }

    @Test func seesWhatOthersWriteAndNotItsOwn() async throws {
        let seen = Mutex<[[KeyRecord]]>([])
        let poll = { version in try await store.poll(since: version) { keys in seen.withLock { $0.append(keys) } } }
        var version = try await poll(nil)
        _ = try await store.create(KeyDraft(scopes: [.predict])) { _ in }
        version = try await poll(version)
        #expect(seen.withLock { $0 } == [[]])
        let others = try KeyDirectory(fixture.directory, migrations: Fixture.migrations, makes: false)
        let made = try others.create(KeyDraft(scopes: [.admin])).0
        version = try await poll(version)
        version = try await poll(version)
        #expect(seen.withLock { $0.count } == 2 && seen.withLock { $0[1].count } == 2)
        let revoked = try others.revoke(made.id)
        version = try await poll(version)
        #expect(seen.withLock { $0.last?.last } == revoked && revoked.revokedAt != nil)
    }
}

struct KeyScopeTests {
    @Test func theGreaterHaveWhatTheLesserHave() {
        #expect(KeyScope.predict < .train && .train < .admin && !(KeyScope.train < .train))
    }
}
