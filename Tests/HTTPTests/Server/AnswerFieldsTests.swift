import HTTPTypes
import Logging
import Testing

@testable import HTTP

/// What goes with every answer over a socket.
struct AnswerFieldsTests {
    private struct Failure: Error {}

    private static func make() -> Router {
        var router = Router()
        router.admit = { $0.answerFields[.vary] = "Origin" }
        router.optionsFields = { [.accessControlAllowMethods: "\($1) of \($0.path)"] }
        router.on(.get, "/now", immediate: { _ in .text("a") })
        router.on(.get, "/later", handler: { _ in .text("a") })
        router.on(.get, "/deferred", deferred: { _, responder in responder.respond { .text("a") } })
        router.on(.get, "/failure", handler: { _ in throw Failure() })
        router.on(
            .get, "/refused", admit: { _ in throw RequestError.bodyTooLarge(limit: 1) }, immediate: { _ in .text("a") })
        router.on(.post, "/gathered", body: .buffered(limit: 9)) { .text("\(try $0.body.bytes.count)") }
        router.on(
            .get, "/stream",
            handler: { _ in Response(body: .stream { writer in try await writer.write(Array("a".utf8)) }) })
        return router
    }

    @Test(arguments: [
        ("GET /now", 200), ("GET /later", 200), ("GET /deferred", 200), ("GET /failure", 500), ("GET /refused", 413),
        ("GET /none", 404), ("PUT /now", 405), ("GET /stream", 200), ("OPTIONS /now", 204),
        ("POST /gathered", 200),
    ])
    func goWithWhateverItIs(request: String, status: Int) async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            let body = request.hasPrefix("POST") ? "Content-Length: 1\r\n\r\na" : "\r\n"
            try await client.send("\(request) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(body)")
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("\r\nVary: Origin\r\n"), "\(answer)")
            let methods = "Access-Control-Allow-Methods: GET, HEAD, OPTIONS of /now\r\n"
            #expect(answer.contains(methods) == request.hasPrefix("OPTIONS"))
        }
    }

    @Test func anAddressMayBeRefusedBeforeAnyoneIsLetIn() async throws {
        let server = try Server(
            configuration: ServerConfiguration(port: 0), router: Self.make(), logger: .init(label: "test"))
        var seen: SocketAddress?
        await #expect(throws: Failure.self) {
            try await server.start { address in
                seen = address
                throw Failure()
            }
        }
        let address = try #require(seen)
        #expect(throws: (any Error).self) { try TestClient(address) }
    }
}
