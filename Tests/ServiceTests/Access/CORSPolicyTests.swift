import HTTPTypes
import Jobs
import Testing

@testable import HTTP
@testable import Service

struct CORSPolicyTests {
    private static let origin = "https://a.example"

    private func ask(
        _ service: TestService, _ method: HTTPRequest.Method = .get, _ target: String = "/v1/models",
        origin: String? = origin, wants: String? = nil
    ) async -> Response {
        var fields: HTTPFields = [:]
        fields[.origin] = origin
        fields[.accessControlRequestMethod] = wants
        return await service.router.respond(to: Request(method, target, fields: fields))
    }

    @Test func isOffByDefault() async throws {
        let service = try TestService.make()
        for reply in [await ask(service), await ask(service, .options, wants: "GET")] {
            #expect(reply.fields[.accessControlAllowOrigin] == nil && reply.fields[.vary] == nil)
        }
    }

    @Test func pagesOfOtherOriginsChangeNothing() async throws {
        let service = try TestService.make { $0.corsOrigins = [Self.origin] }
        func status(_ method: HTTPRequest.Method, _ origin: String?) async -> Int {
            var fields: HTTPFields = [:]
            fields[.origin] = origin
            let request = Request(method, "/v2/repository/models/m/unload", fields: fields)
            return await service.router.respond(to: request).status.code
        }
        for origin in ["https://evil.example", "null", "http://localhost:1", ""] {
            #expect(await status(.post, origin) == 403, "\(origin)")
            #expect(await status(.get, origin) == 405, "\(origin)")
        }
        let own = Request(.post, "/v2/repository/models/m/unload").authority ?? ""
        for origin in [nil, Self.origin, "http://\(own)", "https://\(own.uppercased())"] {
            #expect(await status(.post, origin) == 404, "\(origin ?? "none")")
        }
        let open = try TestService.make { $0.corsOrigins = ["*"] }
        let request = Request(.post, "/v2/repository/models/m/unload", fields: [.origin: "https://evil.example"])
        #expect(await open.router.respond(to: request).status == .notFound)
    }

    @Test func namesTheOriginWithEveryAnswer() async throws {
        let service = try TestService.make { $0.corsOrigins = [Self.origin, "http://b.example:3000"] }
        for (target, status) in [("/v1/models", 200), ("/v1/models?x=1", 400), ("/v1/none", 404), ("/", 200)] {
            let reply = await ask(service, .get, target)
            #expect(reply.status.code == status)
            #expect(reply.fields[.accessControlAllowOrigin] == Self.origin, "\(target)")
            #expect(reply.fields[values: .vary].contains("Origin"), "\(target)")
            #expect(reply.fields[.accessControlExposeHeaders]?.contains("Retry-After") == true)
        }
        for origin in ["https://evil.example", "https://a.example.evil", "null", nil] {
            let reply = await ask(service, origin: origin)
            #expect(reply.status == .ok && reply.fields[.accessControlAllowOrigin] == nil)
            #expect(reply.fields[values: .vary].contains("Origin"))
        }
    }

    @Test func preflightsAreAnsweredFromTheRoutesWithoutAKey() async throws {
        let service = try TestService.make { $0.corsOrigins = [Self.origin] }
        _ = try await service.backend.keys.create(KeyDraft(scopes: [.admin]))
        let reply = await ask(service, .options, "/v1/models/m/predict", wants: "POST")
        #expect(reply.status == .noContent && reply.fields[.accessControlAllowOrigin] == Self.origin)
        #expect(reply.fields[.accessControlAllowMethods] == "OPTIONS, POST")
        let headers = reply.fields[.accessControlAllowHeaders] ?? ""
        for name in ["Authorization", "Content-Type", "Idempotency-Key", "traceparent", "X-Request-Timeout-Ms"] {
            #expect(headers.contains(name))
        }
        #expect(reply.fields[.accessControlMaxAge] == "7200")
        let refused = await ask(service, .get, "/v1/models")
        #expect(refused.status == .unauthorized && refused.fields[.accessControlAllowOrigin] == Self.origin)
        let other = await ask(service, .options, "/v1/models", origin: "https://evil.example", wants: "GET")
        #expect(other.status == .noContent && other.fields[.accessControlAllowMethods] == nil)
        let plain = await ask(service, .options, "/v1/models")
        #expect(plain.fields[.allow] == "GET, HEAD, OPTIONS" && plain.fields[.accessControlAllowMethods] == nil)
    }

    @Test func aStarIsForAll() async throws {
        let service = try TestService.make { $0.corsOrigins = ["*"] }
        for origin in ["https://any.example", nil] {
            let reply = await ask(service, origin: origin)
            #expect(reply.fields[.accessControlAllowOrigin] == "*" && reply.fields[.vary] == nil)
        }
    }

    @Test(arguments: [
        ("*", true), ("https://a.example", true), ("http://localhost:3000", true), ("http://[::1]:80", true),
        ("a.example", false), ("https://a.example/", false), ("https://A.example", false), ("null", false),
        ("https://*.example", false), ("", false), ("https://", false), ("https://a b", false),
    ])
    func knowsOriginsAsBrowsersWriteThem(origin: String, isValid: Bool) {
        #expect(CORSPolicy.isValid(origin) == isValid)
    }
}
