import Dispatch
import HTTPTypes
import Synchronization
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
            .text("\(request.parameters["p"]!) \(request.parameters["q"]!) \(try request.body.bytes.count)")
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

    @Test func filesTakeNoPathFromThePatterns() async {
        var router = make()
        router.files(under: "/", directory: "/nowhere")
        for (method, path, status) in [
            (HTTPRequest.Method.put, "/a/b", 405), (.put, "/x", 404), (.post, "/a/b", 405), (.get, "/x", 404),
            (.delete, "/a/b/c/d/e", 404), (.options, "/x", 404), (.head, "/x", 404), (.patch, "/", 405),
        ] {
            let response = await router.respond(to: Request(method, path))
            #expect(response.status.code == status, "\(method) \(path)")
            #expect((response.fields[.allow] != nil) == (status == 405), "\(method) \(path)")
        }
    }

    @Test func refusesByTheHeadAlone() async throws {
        var router = make()
        router.admit = { request in
            if request.authority == "other" { throw RequestError(.misdirectedRequest, code: "host", detail: "") }
        }
        router.on(
            .post, "/guarded/{id}", body: .buffered(limit: 3),
            admit: { request in
                guard request.parameters.require("id") == "1" else { throw Refused() }
                request.admitted = request.parameters.require("id") + request.fields[.contentLength]!
            },
            handler: { .text($0.admitted as? String ?? "") }
        )
        let admitted = await router.respond(to: Request(.post, "/guarded/1", body: [1, 2]))
        #expect(try await text(admitted) == "12")
        for (target, fields, status) in [
            ("/guarded/2", [:] as HTTPFields, 500), ("/guarded/2", [.contentLength: "4"], 413),
            ("/guarded/1", [.contentLength: "4"], 413), ("/none", [.contentLength: "4"], 404),
            ("/guarded/1", [.host: "other"], 421), ("/none", [.host: "other"], 421), ("/guarded", [:], 404),
        ] {
            var request = Request(.post, target, fields: fields)
            #expect(throws: (any Error).self) { try router.resolve(&request) }
            let response = await router.respond(to: Request(.post, target, fields: fields))
            #expect(response.status.code == status, "\(target) \(fields)")
        }
    }

    @Test func answersLater() async throws {
        var router = Router()
        router.on(
            .post, "/later", body: .buffered(limit: 3),
            deferred: { request, responder in
                DispatchQueue.global().async {
                    responder.respond {
                        guard try !request.body.bytes.isEmpty else { throw Refused() }
                        return .text("\(try request.body.bytes)")
                    }
                }
            })
        #expect(try await text(await router.respond(to: Request(.post, "/later", body: [1]))) == "[1]")
        #expect(await router.respond(to: Request(.post, "/later")).status == .internalServerError)
    }

    @Test func runsHandlersOnItsExecutor() async throws {
        final class Counting: TaskExecutor {
            let count = Atomic(0)

            func enqueue(_ job: consuming ExecutorJob) {
                count.wrappingAdd(1, ordering: .relaxed)
                let job = UnownedJob(job)
                DispatchQueue.global().async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
            }
        }
        let executor = Counting()
        var router = make()
        router.executor = executor
        _ = await router.respond(to: Request(.get, "/a/z"))
        #expect(executor.count.load(ordering: .relaxed) > 0)
    }
}

extension RouterTests {
    @Test func bodiesOfSomeTypesAreTakenAsTheyCome() async throws {
        var router = Router()
        router.on(
            .post, "/{name}", body: .buffered(limit: 3),
            deferred: { request, responder in
                responder.respond { .text("gathered \(request.parameters.require("name"))") }
            },
            streaming: .init(types: ["application/x-ndjson"], limit: 6) { request in
                var count = 0
                for try await chunk in request.body.stream { count += chunk.count }
                return .text("streamed \(request.parameters.require("name")) \(count)")
            })
        for (type, answer) in [
            ("application/json", "gathered a"), ("APPLICATION/x-ndjson; charset=utf-8", "streamed a 3"),
            ("application/x-ndjson2", "gathered a"),
        ] {
            let request = Request(.post, "/a", fields: [.contentType: type], body: [1, 2, 3])
            let body = try await router.respond(to: request).body.collect()
            #expect(String(decoding: body, as: UTF8.self) == answer)
        }
        // Each with its own limit.
        for (type, count, status) in [
            ("text/plain", 4, HTTPResponse.Status.contentTooLarge), ("application/x-ndjson", 6, .ok),
            ("application/x-ndjson", 7, .contentTooLarge),
        ] {
            let body = [UInt8](repeating: 1, count: count)
            let request = Request(.post, "/a", fields: [.contentType: type], body: body)
            #expect(await router.respond(to: request).status == status)
        }
    }
}
