import Foundation
import TestSupport
import Testing

@testable import Jobs

struct KeyDirectoryTests {
    private let scratch: ScratchDirectory
    private let directory: URL

    init() throws {
        scratch = try ScratchDirectory()
        directory = URL(filePath: scratch.file("data"))
    }

    @Test func makesADirectoryThatAServerStartsOn() throws {
        let keys = try KeyDirectory(directory, migrations: Fixture.migrations, makes: true)
        let record = try keys.create(KeyDraft(name: "first", scopes: [.admin])).0
        #expect(try keys.all() == [record])
        let database = try Jobs.Database(directory: directory, migrations: Fixture.migrations)
        #expect(try KeyStore(database).all() == [record])
        try database.close()
    }

    @Test func worksBesideAServer() async throws {
        let fixture = try Fixture.make()
        let keys = try KeyDirectory(fixture.directory, migrations: Fixture.migrations, makes: false)
        let record = try keys.create(KeyDraft(scopes: [.train])).0
        #expect(try await KeyStore(fixture.database).list().data == [record])
        #expect(throws: KeyStoreError.notFound(id: "key_0")) { try keys.revoke("key_0") }
    }

    @Test func bringsAnOlderSchemaUpToDateUnlessAServerHasIt() throws {
        let older = URL(filePath: scratch.file("older"))
        try FileManager.default.copyItem(at: Fixture.migrations, to: older)
        for file in try FileManager.default.contentsOfDirectory(at: older, includingPropertiesForKeys: nil)
        where !file.lastPathComponent.hasPrefix("0001-") && !file.lastPathComponent.hasPrefix("0002-") {
            try FileManager.default.removeItem(at: file)
        }
        let server = try Jobs.Database(directory: directory, migrations: older)
        let refusal = #expect(throws: DirectoryError.self) {
            try KeyDirectory(directory, migrations: Fixture.migrations, makes: true)
        }
        guard case .alreadyInUse = refusal else { return #expect(Bool(false), "\(String(describing: refusal))") }
        try server.close()
        #expect(try KeyDirectory(directory, migrations: Fixture.migrations, makes: false).all() == [])
        #expect(throws: MigrationError.self) { try KeyDirectory(directory, migrations: older, makes: false) }
    }

    @Test func findsNoneWhereThereIsNone() throws {
        #expect(throws: DirectoryError.noDatabase(directory: directory.path)) {
            try KeyDirectory(directory, migrations: Fixture.migrations, makes: false)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }
}
