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
