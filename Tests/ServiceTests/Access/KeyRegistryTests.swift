import Jobs
import Platform
import Testing

@testable import Service

struct KeyRegistryTests {
    @Test(.timeLimit(.minutes(30)))
    func followsWhatOthersWrite() async throws {
        let service = try TestService.make()
        let keys = service.backend.keys
        let running = Task { await keys.run() }
        let others = try KeyDirectory(
            service.directory, migrations: service.backend.configuration.migrations, makes: false)
        let (record, secret) = try others.create(KeyDraft(scopes: [.predict], rateLimit: 5))
        while keys.find(secret.text) == nil { try await Task.sleep(for: .milliseconds(10)) }
        let key = try #require(keys.find(secret.text))
        #expect(key.id == record.id && key.take(at: .zero, date: 1234)?.remaining == 4)
        // What it has used stays used when others write.
        let second = try others.create(KeyDraft(scopes: [.predict])).1
        while keys.find(second.text) == nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(keys.find(secret.text)?.take(at: .zero, date: 5678)?.remaining == 3)
        _ = try others.revoke(record.id)
        while keys.find(secret.text) != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(keys.hasActiveKeys && keys.hasHadKeys)
        running.cancel()
        await running.value
    }

    @Test func writesUsesDownOnce() async throws {
        let service = try TestService.make()
        let keys = service.backend.keys
        let secret = try await keys.create(KeyDraft(scopes: [.predict])).1
        _ = try await keys.create(KeyDraft(scopes: [.predict]))
        let key = try #require(keys.find(secret.text))
        for date: Int64 in [11, 12] { _ = key.take(at: .zero, date: date) }
        try await keys.recordUses()
        #expect(try service.backend.keyStore.all().map(\.usedAt) == [12, nil])
        #expect(key.takeUse() == nil)
    }
}
