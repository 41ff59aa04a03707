import Glibc
import Hummingbird
import Logging

/// The answer of the health route, encoded anew for each request as a Hummingbird handler usually does.
struct Health: ResponseEncodable {
    var live = true
}

/// `peer [PORT]`: serves `GET /v2/health/live`, `POST /echo` and `PUT /upload`, to a file that is removed, on 127.0.0.1.
@main
enum Peer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8081
        let router = Router()
        router.get("/v2/health/live") { _, _ in Health() }
        router.post("/echo") { request, _ in
            Response(status: .ok, body: .init(asyncSequence: request.body))
        }
        router.put("/upload") { request, _ in
            let path = "/tmp/hummingbird-upload-\(UInt64.random(in: .min ... .max))"
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw HTTPError(.internalServerError) }
            defer {
                close(file)
                unlink(path)
            }
            for try await buffer in request.body {
                let isWritten = buffer.withUnsafeReadableBytes { write(file, $0.baseAddress!, $0.count) == $0.count }
                guard isWritten else { throw HTTPError(.internalServerError) }
            }
            fsync(file)
            return Response(status: .created)
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
