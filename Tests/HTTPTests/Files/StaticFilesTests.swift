import Foundation
import HTTPTypes
import Testing

@testable import HTTP

@Suite struct StaticFilesTests {
    private func withFiles(_ test: (Router, URL) async throws -> Void) async throws {
        let root = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(UUID().uuidString)
        let directory = root.appendingPathComponent("public")
        let files = FileManager.default
        try files.createDirectory(at: directory.appendingPathComponent("js"), withIntermediateDirectories: true)
        defer { try? files.removeItem(at: root) }
        try Data("secret".utf8).write(to: root.appendingPathComponent("secret"))
        try Data("<p>".utf8).write(to: directory.appendingPathComponent("index.html"))
        try Data("let a".utf8).write(to: directory.appendingPathComponent("js/a b.js"))
        try Data("hidden".utf8).write(to: directory.appendingPathComponent(".hidden"))
        try files.createSymbolicLink(
            at: directory.appendingPathComponent("link"),
            withDestinationURL: root.appendingPathComponent("secret")
        )
        try files.createSymbolicLink(at: directory.appendingPathComponent("up"), withDestinationURL: root)
        var router = Router()
        router.on(.get, "/api/x", immediate: { _ in .text("x") })
        router.files(under: "/", directory: directory.path)
        router.files(under: "/static/", directory: directory.path)
        try await test(router, directory)
    }

    @Test func servesFilesWithTypeAndValidators() async throws {
        try await withFiles { router, _ in
            let index = await router.respond(to: Request(.get, "/"))
            #expect(index.fields[.contentType] == "text/html; charset=utf-8")
            let page = try await index.body.collect()
            #expect(page == Array("<p>".utf8))
            for target in ["/js/a%20b.js", "/static/js/a%20b.js"] {
                let script = await router.respond(to: Request(.get, target))
                #expect(script.fields[.contentType] == "text/javascript; charset=utf-8")
                let code = try await script.body.collect()
                #expect(code == Array("let a".utf8))
            }
            let other = try await router.respond(to: Request(.get, "/api/x")).body.collect()
            #expect(other == Array("x".utf8))
        }
    }

    @Test(arguments: [
        "/../secret", "/js/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/js%2f..%2f..%2fsecret", "/.hidden",
        "/link", "/up/secret", "/js", "/js/", "/none", "//index.html", "/index.html/", "/./index.html", "/api",
    ])
    func neverLeavesItsDirectory(_ target: String) async throws {
        try await withFiles { router, _ in
            #expect(await router.respond(to: Request(.get, target)).status == .notFound)
        }
    }

    @Test func otherMethodsFindNoFiles() async throws {
        try await withFiles { router, _ in
            for path in ["/index.html", "/nope", "/api/y"] {
                for method in [HTTPRequest.Method.post, .put, .delete, .patch, .options] {
                    let response = await router.respond(to: Request(method, path))
                    #expect(response.status == .notFound && response.fields[.allow] == nil)
                }
            }
            #expect(await router.respond(to: Request(.post, "/api/x")).status == .methodNotAllowed)
        }
    }

    @Test func nothingIsModifiedInTheFuture() async throws {
        try await withFiles { router, directory in
            let path = directory.appendingPathComponent("index.html").path
            try FileManager.default.setAttributes([.modificationDate: Date.distantFuture], ofItemAtPath: path)
            let response = await router.respond(to: Request(.get, "/"))
            let modified = response.fields[.lastModified].flatMap { HTTPDate.parse($0, now: 0) }
            #expect(try #require(modified) <= Int(Date().timeIntervalSince1970))
        }
    }

    @Test func whatTheClientHasIsNotSentAgain() async throws {
        try await withFiles { router, _ in
            let first = await router.respond(to: Request(.get, "/"))
            let tag = try #require(first.fields[.eTag])
            let date = try #require(first.fields[.lastModified])
            for fields: HTTPFields in [
                [.ifNoneMatch: tag], [.ifNoneMatch: "\"x\", W/\(tag)"], [.ifNoneMatch: "*"], [.ifModifiedSince: date],
            ] {
                let again = await router.respond(to: Request(.get, "/", fields: fields))
                #expect(again.status == .notModified)
                #expect(again.fields[.eTag] == tag)
            }
            let other: HTTPFields = [.ifNoneMatch: "\"x\"", .ifModifiedSince: date]
            #expect(await router.respond(to: Request(.get, "/", fields: other)).status == .ok)
        }
    }
}
