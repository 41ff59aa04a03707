import Foundation
import HTTPTypes
import Jobs
import JSON
import Platform
import Testing

@testable import HTTP
@testable import Service

struct AuthorizationTests {
    /// Whether and why a request is refused; nil when it is let.
    private func refusal(
        _ service: TestService, _ authorization: [String], scope: Service.Operation.Scope = .predict,
        at time: Duration = .zero, from address: SocketAddress = .loopback, using checks: Authorization? = nil
    ) -> Problem? {
        var fields: HTTPFields = [:]
        for value in authorization { fields.append(HTTPField(name: .authorization, value: value)) }
        var request = Request(.get, "/", fields: fields, remoteAddress: address)
        do throws(Problem) { try (checks ?? service.backend.authorization).check(&request, for: scope) } catch {
            return error
        }
        return nil
    }

    private func makeKey(_ service: TestService, _ scopes: Set<KeyScope> = [.admin]) async throws -> (String, String) {
        let (record, secret) = try await service.backend.keys.create(KeyDraft(scopes: scopes))
        return (record.id, secret.text)
    }

    @Test func letsEveryoneInUntilThereIsAKeyAndNeverAgain() async throws {
        let service = try TestService.make()
        #expect(refusal(service, [], scope: .admin) == nil && refusal(service, ["Bearer wrong"]) == nil)
        let (id, secret) = try await makeKey(service)
        #expect(refusal(service, [])?.status == .unauthorized)
        #expect(refusal(service, ["Bearer \(secret)"], scope: .admin) == nil)
        #expect(refusal(service, [], scope: .none) == nil)
        try await service.backend.keys.revoke(id)
        #expect(refusal(service, [])?.code == "missing_token")
        #expect(refusal(service, ["Bearer \(secret)"])?.code == "invalid_token")
        // Nor does another server on the directory.
        let next = try KeyRegistry(service.backend.keyStore, rateLimit: nil, logger: .quiet)
        #expect(!Authorization(next, allowsAnonymous: false).isOpen)
        #expect(Authorization(next, allowsAnonymous: true).isOpen)
    }

    @Test func aKeyIsWantedWhileOneHoldsWhateverIsAllowed() async throws {
        let service = try TestService.make { $0.allowsAnonymous = true }
        let id = try await makeKey(service).0
        #expect(refusal(service, [])?.status == .unauthorized)
        try await service.backend.keys.revoke(id)
        #expect(refusal(service, []) == nil)
    }

    @Test func aLesserScopeIsRefusedByName() async throws {
        let service = try TestService.make()
        for (index, scope) in KeyScope.allCases.enumerated() {
            let secret = try await makeKey(service, [scope]).1
            for (other, needed) in [Service.Operation.Scope.predict, .train, .admin].enumerated() {
                let problem = refusal(service, ["Bearer \(secret)"], scope: needed)
                guard other > index else {
                    #expect(problem == nil, "\(scope) \(needed)")
                    continue
                }
                #expect(problem?.status == .forbidden && problem?.code == "insufficient_scope")
                #expect(
                    problem?.fields[.wwwAuthenticate]
                        == #"Bearer realm="limbic", error="insufficient_scope", scope="\#(needed)""#)
            }
        }
    }

    @Test func credentialsAreOneBearerToken() async throws {
        let service = try TestService.make()
        let secret = try await makeKey(service).1
        for value in ["bearer \(secret)", "BEARER  \(secret)"] { #expect(refusal(service, [value]) == nil, "\(value)") }
        let wrong = [
            [], [secret], ["Basic \(secret)"], ["Bearer"], ["Bearer \(secret) x"], ["Bearer \(secret)", "Bearer x"],
        ]
        for values in wrong {
            let problem = refusal(service, values)
            #expect(problem?.code == "missing_token", "\(values)")
            #expect(problem?.fields[.wwwAuthenticate] == #"Bearer realm="limbic""#)
        }
        for value in [secret.dropLast() + "!", secret + "A", "x"] {
            let problem = refusal(service, ["Bearer \(value)"])
            #expect(problem?.fields[.wwwAuthenticate] == #"Bearer realm="limbic", error="invalid_token""#, "\(value)")
        }
    }

    @Test func wrongKeysAreSlowedByAddressAndRightOnesAreNot() async throws {
        let service = try TestService.make()
        let secret = try await makeKey(service).1
        let time = Mutex(Duration.zero)
        var checks = Authorization(service.backend.keys, allowsAnonymous: false)
        checks.clock = MonotonicClock {
            time.withLock { $0 }
        } sleep: { _ in
        }
        let codes = (0..<12).map { refusal(service, ["Bearer wrong\($0)"], using: checks)?.code }
        #expect(codes == Array(repeating: "invalid_token", count: 10) + ["too_many_attempts", "too_many_attempts"])
        #expect(refusal(service, ["Bearer \(secret)"], using: checks) == nil)
        #expect(refusal(service, [], using: checks)?.code == "missing_token")
        let other = try #require(SocketAddress(numeric: "192.0.2.7"))
        #expect(refusal(service, ["Bearer wrong"], from: other, using: checks)?.code == "invalid_token")
        let slowed = refusal(service, ["Bearer wrong"], using: checks)
        #expect(slowed?.status == .tooManyRequests && slowed?.fields[.retryAfter] == "60")
        time.withLock { $0 = .seconds(60) }
        #expect(refusal(service, ["Bearer wrong"], using: checks)?.code == "invalid_token")
    }

    /// By its head, and before what else is wrong with it.
    @Test func refusesBeforeTheBody() async throws {
        let service = try TestService.make()
        _ = try await makeKey(service)
        var request = Request(.post, "/v1/jobs?a=b", fields: [.contentType: "text/plain", .contentLength: "9"])
        #expect(throws: Problem.self) { try service.router.resolve(&request) }
        let reply = await service.router.respond(to: request)
        #expect(reply.status == .unauthorized && reply.fields[.wwwAuthenticate] == #"Bearer realm="limbic""#)
        for open in ["/v2/health/live", "/metrics", "/openapi.json", "/"] {
            #expect(await service.router.respond(to: Request(.get, open)).status == .ok, "\(open)")
        }
        #expect(await service.router.respond(to: Request(.options, "/v1/jobs")).status == .noContent)
    }

    @Test func aLimitIsToldWithEveryAnswerAndHeld() async throws {
        let service = try TestService.make { $0.rateLimit = 2 }
        let secret = try await makeKey(service, [.predict]).1
        func ask(_ target: String, _ secret: String) async -> Response {
            await service.router.respond(to: Request(.get, target, fields: [.authorization: "Bearer \(secret)"]))
        }
        let first = await ask("/v1/models", secret)
        #expect(first.status == .ok && first.fields[.rateLimit] == #""default";r=1;t=30"#)
        #expect(first.fields[.rateLimitPolicy] == #""default";q=2;w=60"#)
        let second = await ask("/v1/jobs", secret)
        #expect(second.status == .forbidden && second.fields[.rateLimit]?.hasPrefix(#""default";r=0;"#) == true)
        let third = await ask("/v1/models", secret)
        #expect(third.status == .tooManyRequests && third.fields[.rateLimit]?.hasPrefix(#""default";r=0;"#) == true)
        #expect(third.fields[.retryAfter].flatMap { Int($0) }.map((1...30).contains) == true)
        let own = try await service.backend.keys.create(KeyDraft(scopes: [.predict], rateLimit: 9)).1.text
        #expect(await ask("/v1/models", own).fields[.rateLimitPolicy] == #""default";q=9;w=60"#)
        #expect(await ask("/v2/health/live", own).fields[.rateLimit] == nil)
    }
}
