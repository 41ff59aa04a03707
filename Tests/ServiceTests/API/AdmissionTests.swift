import HTTPTypes
import Testing

@testable import HTTP
@testable import Service

/// What a request is refused for by its head alone.
struct AdmissionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: HTTPRequest.Method
        let target: String
        let fields: HTTPFields
        let status: Int
        let says: String

        init(
            _ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields, _ status: Int, _ says: String = ""
        ) {
            (self.method, self.target, self.fields, self.status, self.says) = (method, target, fields, status, says)
        }

        init(_ method: HTTPRequest.Method, _ target: String, _ status: Int, _ says: String = "") {
            self.init(method, target, [:], status, says)
        }

        var testDescription: String { "\(method) \(target) \(fields)" }
    }

    private static let json: HTTPFields = [.contentType: "application/json", .contentLength: "2"]

    @Test(arguments: [
        // A path that is none is 404 whatever the method; 405 says which methods there are.
        Case(.post, "/v1/job", 404), Case(.put, "/nope", 404), Case(.delete, "/", 404),
        Case(.patch, "/v1/model/m/predict", 404),
        Case(.get, "/v1/job", 404), Case(.get, "/v1/jobs/a/b", 404), Case(.options, "/v1/job", 404),
        Case(.put, "/v1/jobs", 405, "GET, HEAD, OPTIONS, POST"),
        Case(.get, "/v1/models/m/predict", 405, "OPTIONS, POST"),
        Case(.delete, "/v1/models/m/versions/1", 405, "GET, HEAD, OPTIONS"),
        // The path comes before everything else that is wrong.
        Case(.post, "/v1/job?a=b", [.contentType: "text/plain", .contentLength: "999999999999"], 404),
        // Bodies.
        Case(.post, "/v1/jobs", [.contentType: "application/json", .contentLength: "1048577"], 413),
        Case(.post, "/v1/models/m/predict", [.contentType: "application/json", .contentLength: "67108865"], 413),
        Case(.post, "/v1/jobs", [.contentType: "text/plain", .contentLength: "2"], 415, "application/json"),
        Case(.post, "/v1/jobs", [.contentLength: "2"], 415, "is missing"),
        Case(.post, "/v1/jobs", [.transferEncoding: "chunked"], 415, "is missing"),
        Case(.post, "/v1/jobs", [.contentType: "application/x-www-form-urlencoded", .contentLength: "2"], 415),
        Case(.post, "/v1/jobs", [.contentType: "application/jsonp", .contentLength: "2"], 415),
        Case(.post, "/v1/models/m/predict", [.contentType: "text/plain;a=application/json", .contentLength: "2"], 415),
        Case(
            .put, "/v1/datasets/d/splits/train", [.contentType: "image/png", .contentLength: "2"], 415,
            "application/x-npz"),
        // Queries.
        Case(.get, "/v1/jobs?state=failed", 400, "there are: status, sweep, after, limit"),
        Case(.get, "/v1/jobs?status=broken", 400, "queued, running"),
        Case(.get, "/v1/jobs?limit=0", 400, "from 1 to 1000"),
        Case(.get, "/v1/jobs?limit=1001", 400), Case(.get, "/v1/jobs?limit=ten", 400),
        Case(.get, "/v1/jobs?limit=", 400),
        Case(.get, "/v1/jobs?limit=1&limit=1", 400, "more than once"), Case(.get, "/v1/jobs?=1", 400),
        Case(.get, "/v1/jobs/j?wiat=3", 400, "there are: wait"), Case(.get, "/v2/health/live?x", 400),
        Case(.get, "/v1/jobs/j/metrics?max_points=1", 400), Case(.get, "/v1/jobs/j/metrics?names=", 400),
        Case(.get, "/v1/jobs/j/metrics?names=a,,b", 400), Case(.delete, "/v1/jobs/j?force=1", 400),
        Case(.post, "/v1/models/m/predict?versoin=1", json, 400, "version"), Case(.post, "/v1/jobs/j/cancel?a", 400),
        // Names.
        Case(.get, "/v1/jobs", [.host: "evil.example"], 421, "evil.example"),
        Case(.get, "/nope", [.host: "127.0.0.1.evil.example:8080"], 421), Case(.get, "/", [.host: "10.0.0.1"], 421),
        Case(.options, "*", [.host: "evil.example"], 421),
        Case(.get, "http://evil.example/", [.host: "localhost"], 421),
    ])
    func refuses(_ row: Case) async throws {
        let service = try TestService.make()
        var request = Request(row.method, row.target, fields: row.fields)
        // Only reading them could tell which files there are.
        let mayBeFile = row.method == .get && row.status == 404
        if !mayBeFile { #expect(throws: (any Error).self) { try service.router.resolve(&request) } }
        let reply = await service.router.respond(to: Request(row.method, row.target, fields: row.fields))
        let text = String(decoding: try await reply.body.collect(), as: UTF8.self) + (reply.fields[.allow] ?? "")
        #expect(reply.status.code == row.status, "\(text)")
        #expect(text.contains(row.says), "\(text)")
    }

    @Test(arguments: [
        Case(.get, "/v1/jobs", 200), Case(.get, "/v1/jobs?", 200), Case(.get, "/v1/jobs?status=failed&limit=1", 200),
        Case(.get, "/v1/jobs", [.host: "LOCALHOST:1"], 200), Case(.get, "/v1/jobs", [.host: "localhost."], 200),
        Case(.get, "/v1/jobs", [.host: "127.8.9.1:80"], 200), Case(.get, "/v1/jobs", [.host: "[::1]:80"], 200),
        Case(.get, "/v1/jobs", [.host: "[0:0:0:0:0:0:0:1]"], 200),
        Case(.get, "/v1/jobs", [.host: "[::ffff:127.0.0.1]"], 200),
        Case(.get, "/v1/jobs", [.host: "Limbic.Example:9"], 200), Case(.head, "/v1/models", 200),
        Case(.options, "*", 204),
        Case(.options, "/v1/jobs", 204), Case(.get, "/v1/models?after=a&limit=1000", 200),
        Case(.get, "/v1/jobs/j/metrics?names=a,b&names=c", 404), Case(.post, "/v1/jobs/j/cancel", json, 404),
        Case(
            .post, "/v1/models/m/predict", [.contentType: "Application/JSON ; charset=utf-8", .contentLength: "2"], 404),
    ])
    func admits(_ row: Case) async throws {
        let service = try TestService.make { $0.allowedHosts = ["limbic.example"] }
        var request = Request(row.method, row.target, fields: row.fields)
        _ = try service.router.resolve(&request)
        let reply = await service.router.respond(to: Request(row.method, row.target, fields: row.fields))
        #expect(reply.status.code == row.status)
    }

    @Test func answersToAnyNameBeyondLoopback() throws {
        try HostPolicy(listeningOn: "0.0.0.0", allowing: []).check("anything.example")
        try HostPolicy(listeningOn: "127.0.0.1", allowing: []).check(nil)
        let strict = HostPolicy(listeningOn: "0.0.0.0", allowing: ["a.example"])
        try strict.check("A.example:443")
        #expect(throws: Problem.self) { try strict.check("b.example") }
        #expect(throws: Problem.self) { try HostPolicy(listeningOn: "::1", allowing: []).check("b.example") }
    }
}
