import Engine
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Platform
import Testing

@testable import Service

/// The status and the stable code of errors that come of no operation in particular.
struct ErrorCodeTests {
    private static let requests: [(text: String, status: Int, code: String)] = [
        ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri_too_long"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n", 431,
            "header_too_large"
        ),
        (
            "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: br, chunked\r\n\r\n", 501,
            "unknown_transfer_coding"
        ),
        ("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n", 417, "unknown_expectation"),
        ("BREW /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"),
        ("GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505, "unknown_version"),
        ("GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421, "unknown_host"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"),
        ("GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n", 408, "request_timeout"),
    ]

    @Test func ofRequestsThatAreNone() async throws {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        let live = try LiveService(.make(directory) { $0.server.headerTimeout = .milliseconds(300) })
        try await live.run { port in
            for (text, status, code) in Self.requests {
                let answer = try await exchange(port: port, text)
                let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(code): \(answer.prefix(200))")
                let problem = try JSONReader.value(Array((parts.last ?? "").utf8))
                #expect(problem["code"].text == code && problem["status"] == .integer(status))
            }
        }
    }

    @Test(arguments: [
        (MemoryError(purpose: "the model", needed: 2, available: 1) as any Error, 503, "out_of_memory"),
        (SystemError("open", code: EMFILE), 503, "too_many_files"),
        (SystemError("write", code: ENOSPC), 507, "disk_full"), (SystemError("read", code: EIO), 500, "internal_error"),
        (ConnectionError.closedByClient, 400, "incomplete_request"), (CancellationError(), 503, "cancelled"),
    ])
    func ofFailures(_ error: any Error, _ status: Int, _ code: String) {
        let problem = ErrorMapping.problem(error)
        #expect(problem.status.code == status && problem.code == code)
    }

    @Test func ofHeaderFields() async throws {
        let service = try TestService.make { $0.rateLimit = 1 }
        let foreign = Request(.post, "/v1/jobs", fields: [.origin: "https://evil.example"])
        try await expectRefusal(service, foreign, 403, "foreign_origin")
        let long = String(repeating: "k", count: 256)
        try expectProblem(
            await service.post("/v1/jobs", #"{"dataset": "ds_1", "model": "emo"}"#, fields: [.idempotencyKey: long]),
            400, "invalid_key")
        let secret = try await service.backend.keys.create(KeyDraft(scopes: [.predict])).1.text
        let request = Request(.get, "/v1/models", fields: [.authorization: "Bearer \(secret)"])
        #expect(await service.router.respond(to: request).status == .ok)
        try await expectRefusal(service, request, 429, "rate_limited")
    }

    /// Resolves the request once, as a limit counts that.
    private func expectRefusal(
        _ service: TestService, _ request: Request, _ status: Int, _ code: String
    ) async throws {
        let response = await service.router.respond(to: request)
        let body = try await JSONReader.value(response.body.collect())
        #expect(response.status.code == status && body["code"].text == code)
    }

    @Test func ofTensorsThatAreNone() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let reply = try await service.send(
            .post, "/v1/models/emo/predict", Array("not tensors".utf8),
            fields: [.contentType: "application/vnd.safetensors"])
        try expectProblem(reply, 422, "bad_safetensors")
    }
}
