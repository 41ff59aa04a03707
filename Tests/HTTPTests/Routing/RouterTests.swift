import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RouterTests {
    private struct Refused: Error {}

    private func make() -> Router {
        var router = Router()
        router.on(.get, "/", immediate: { _ in .text("root") })
        router.on(.get, "/a/b", immediate: { _ in .text("a/b") })
        router.on(.get, "/a/{x}/c", handler: { .text("a/\($0.parameters["x"]!)/c") })
        router.on(.get, "/a/{y}", handler: { .text("a/\($0.parameters.require("y"))") })
        router.on(.delete, "/a/{y}", handler: { _ in throw Refused() })
        router.on(.post, "/a/b/{p}/{q}", body: .buffered(limit: 3)) { request in
            .text("\(request.parameters["p"]!) \(request.parameters["q"]!) \(request.body.bytes.count)")
        }
        return router
    }

    private func text(_ response: Response) async throws -> String {
        String(decoding: try await response.body.collect(), as: UTF8.self)
    }

    @Test(arguments: [
        ("/", "root"), ("/?q", "root"), ("/a/b", "a/b"), ("/a/%62", "a/b"), ("/a/z", "a/z"), ("/a/b/c", "a/b/c"),
        ("/a/x%2Fy", "a/x/y"), ("/a/%C3%A9", "a/é"), ("/a/z/c", "a/z/c"), ("http://h", "root"),
    ])
    func findsTheHandler(_ target: String, _ expected: String) async throws {
        let response = await make().respond(to: Request(.get, target))
        #expect(response.status == .ok)
        #expect(try await text(response) == expected)
    }

    @Test(arguments: ["/b", "/a", "/a/", "/a/b/", "//", "/a//c", "/a/b/c/d/e", "/A/b"])
    func knowsNoOtherPaths(_ target: String) async {
        let response = await make().respond(to: Request(.get, target))
        #expect(response.status == .notFound)
        #expect(response.fields[.contentType] == "application/problem+json")
    }

    @Test func answersOtherMethods() async throws {
        let router = make()
        let refused = await router.respond(to: Request(.put, "/a/b"))
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.fields[.allow] == "DELETE, GET, HEAD, OPTIONS")
        let options = await router.respond(to: Request(.options, "/a/b/c/d"))
        #expect(options.status == .noContent)
        #expect(options.fields[.allow] == "OPTIONS, POST")
        let all = await router.respond(to: Request(.options, "*"))
        #expect(all.fields[.allow] == "DELETE, GET, HEAD, OPTIONS, POST")
        #expect(await router.respond(to: Request(.head, "/a/b")).status == .ok)
        #expect(await router.respond(to: Request(.options, "/none")).status == .notFound)
    }

    @Test func passesBodiesWithinTheirLimit() async throws {
        let router = make()
        let fits = await router.respond(to: Request(.post, "/a/b/1/2", body: [1, 2, 3]))
        #expect(try await text(fits) == "1 2 3")
        #expect(await router.respond(to: Request(.post, "/a/b/1/2", body: [1, 2, 3, 4])).status == .contentTooLarge)
    }

    @Test func letsItsOwnerAnswerErrors() async {
        var router = make()
        #expect(await router.respond(to: Request(.delete, "/a/b")).status == .internalServerError)
        router.errorResponse = { error, _ in
            error is Refused ? Response(status: .conflict) : Response(status: 418)
        }
        #expect(await router.respond(to: Request(.delete, "/a/b")).status == .conflict)
        let refused = await router.respond(to: Request(.put, "/a/b"))
        #expect(refused.status.code == 418)
        #expect(refused.fields[.allow] == "DELETE, GET, HEAD, OPTIONS")
    }

    @Test func streamsBodiesWithoutSockets() async throws {
        var router = Router()
        router.on(.post, "/", body: .streamed(limit: 10)) { Response(body: .stream($0.body.stream)) }
        let response = await router.respond(to: Request(.post, "/", body: Array("hello".utf8)))
        #expect(try await text(response) == "hello")
    }
}
