import Hummingbird
import Logging

/// The answer of the health route, encoded anew for each request as a Hummingbird handler usually does.
struct Health: ResponseEncodable {
    var live = true
}

/// `peer [PORT]`: serves `GET /v2/health/live` and `POST /echo` on 127.0.0.1.
@main
enum Peer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8081
        let router = Router()
        router.get("/v2/health/live") { _, _ in Health() }
        router.post("/echo") { request, _ in
            Response(status: .ok, body: .init(asyncSequence: request.body))
        }
        var logger = Logger(label: "peer")
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: logger
        )
        try await application.runService()
    }
}
