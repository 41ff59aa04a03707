import Dispatch
import Foundation
import HTTPTypes
import Logging
import Platform
import TestSupport
import Testing

@testable import HTTP

/// Over real sockets. Nothing here waits for a time to pass, but for what the other side does.
@Suite struct ServerTests {
    static func make() -> Router {
        var router = Router()
        router.on(.get, "/now", immediate: { .text("now \($0.query["q"] ?? "")") })
        router.on(.get, "/later", handler: { .text("later \($0.query["q"] ?? "")") })
        router.on(.post, "/echo", body: .buffered(limit: 1 << 20)) {
            .text(String(decoding: try $0.body.bytes, as: UTF8.self))
        }
        router.on(
            .get, "/deferred",
            deferred: { request, responder in
                DispatchQueue.global().async { responder.respond { .text("deferred \(request.query["q"] ?? "")") } }
            })
        router.on(
            .post, "/reversed", body: .buffered(limit: 1 << 20),
            deferred: { request, responder in
                DispatchQueue.global().async { responder.respond { .json(try request.body.bytes.reversed()) } }
            })
        router.on(.post, "/stream", body: .streamed(limit: 1 << 20)) { Response(body: .stream($0.body.stream)) }
        router.on(.post, "/count", body: .streamed(limit: 8)) { request in
            var count = 0
            for try await chunk in request.body.stream { count += chunk.count }
            return .text("\(count)")
        }
        router.on(.post, "/ignore", body: .streamed(limit: 1 << 30)) { _ in .text("ignored") }
        router.on(.get, "/empty", immediate: { _ in Response(status: .noContent) })
        return router
    }

    @Test func keepsTheConnectionAndTheOrder() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            for path in ["/now", "/later", "/deferred"] {
                try await client.send("GET \(path)?q=1 HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n")
                let reply = try await client.reply()
                #expect(reply.body == "\(path.dropFirst()) 1")
                #expect(reply.fields["x-request-id"] == "mine")
                #expect(reply.fields["date"] != nil)
                #expect(reply.fields["connection"] == nil)
            }
            let paths = (0..<50).map { ["/later?q=\($0)", "/now?q=\($0)", "/deferred?q=\($0)"][$0 % 3] }
            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for path in paths {
                #expect(try await client.reply().body == path.dropFirst().replacing("?q=", with: " "))
            }
        }
    }

    @Test func givesTheWholeBodyToAHandlerThatAnswersLater() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            let post = "POST /reversed HTTP/1.1\r\nHost: a\r\n"
            try await client.send(post + "Content-Length: 5\r\n\r\nhe")
            try await client.send("llo" + post + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
            #expect(try await client.reply().body == "olleh")
            #expect(try await client.reply().body == "cba")
            try await client.send(post + "Content-Length: 2000000\r\n\r\n")
            #expect(try await client.reply().status == 413)
        }
    }

    @Test func answersAClientThatWillAskNoMore() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            let paths = ["/later", "/now", "/later"]
            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            client.finishSending()
            for path in paths { #expect(try await client.reply().body == "\(path.dropFirst()) ") }
            #expect(try await client.readToEnd() == "")
        }
    }

    @Test func sendsFiles() async throws {
        let directory = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let text = String(repeating: "0123456789", count: 400_000)
        try Data(text.utf8).write(to: directory.appendingPathComponent("large.txt"))
        try Data().write(to: directory.appendingPathComponent("empty.txt"))
        var router = Router()
        router.files(under: "/", directory: directory.path)
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            let names = ["large", "empty", "large"]
            try await client.send(names.map { "GET /\($0).txt HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for name in names {
                let reply = try await client.reply()
                #expect(reply.body == (name == "large" ? text : ""))
                #expect(reply.fields["content-type"] == "text/plain; charset=utf-8")
            }
        }
    }

    @Test func sendsRangesOfFiles() async throws {
        let scratch = try ScratchDirectory()
        // What stands at an offset tells it, and a range is read in several pieces.
        let bytes = (0..<250_000).flatMap { Array(String(1_000_000 + $0).utf8.dropFirst(3)) }
        _ = try scratch.write("a.txt", bytes)
        var router = Router()
        router.files(under: "/", directory: scratch.path)
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            let ranges = [(0, 1), (300_001, 900_000), (999_999, 1_000_000), (0, 1_000_000)]
            let requests = ranges.map { "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=\($0)-\($1 - 1)\r\n\r\n" }
            try await client.send(requests.joined() + "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1000000-\r\n\r\n")
            for (start, end) in ranges {
                let reply = try await client.reply()
                #expect(reply.status == 206)
                #expect(reply.fields["content-length"] == "\(end - start)")
                #expect(reply.fields["content-range"] == "bytes \(start)-\(end - 1)/1000000")
                #expect(reply.body == String(decoding: bytes[start..<end], as: UTF8.self))
            }
            let refused = try await client.reply()
            #expect(refused.status == 416 && refused.fields["content-range"] == "bytes */1000000")
        }
    }

    @Test func aBrokenProducerBreaksTheAnswer() async throws {
        struct Broken: Error {}
        var router = Router()
        router.on(
            .get,
            "/fails",
            handler: { _ in
                Response(
                    body: .stream { writer in
                        try await writer.write("a")
                        throw Broken()
                    }
                )
            }
        )
        router.on(.get, "/short", handler: { _ in Response(body: .stream(length: 5) { try await $0.write("a") }) })
        router.on(.get, "/long", handler: { _ in Response(body: .stream(length: 1) { try await $0.write("ab") }) })
        try await withServer(router) { address, _ in
            for path in ["/fails", "/short", "/long"] {
                let client = try TestClient(address)
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                await #expect(throws: TestClient.Ended.self) { try await client.reply() }
            }
        }
    }

    @Test func answersHeadWithoutBody() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            try await client.send("HEAD /now?q=abc HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try await client.reply(toHead: true)
            #expect(head.fields["content-length"] == "7")
            try await client.send("OPTIONS /now HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let empty = try await client.reply()
            #expect(empty.status == 204 && empty.fields["content-length"] == nil)
            let options = try await client.reply()
            #expect(options.fields["allow"] == "GET, HEAD, OPTIONS")
            #expect(options.fields["connection"] == "close")
            #expect(try await client.readToEnd() == "")
        }
    }

    @Test func speaksOlderHTTP() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            try await client.send("GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.reply().fields["connection"] == "keep-alive")
            try await client.send("POST /stream HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
            let text = try await client.readToEnd()
            #expect(text.hasSuffix("\r\n\r\nabc"))
            #expect(text.contains("Connection: close\r\n") && !text.contains("chunked"))
        }
    }

    @Test(arguments: ["/echo", "/stream"])
    func takesBodies(_ path: String) async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            let large = String(repeating: "0123456789", count: 50_000)
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(large.utf8.count)\r\n\r\n")
            try await client.send(large)
            #expect(try await client.reply().body == large)
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in ["5\r\nhel", "lo\r", "\n1;x\r\n!\r\n", "0\r\nT: x\r\n\r\n"] { try await client.send(piece) }
            #expect(try await client.reply().body == "hello!")
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(try await client.reply().body == "")
        }
    }

    @Test(arguments: ["/echo", "/stream", "/count"])
    func asksForTheBodyOnlyWhenItIsWanted(_ path: String) async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            try await client.send(
                "POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            #expect(try await client.reply().status == 100)
            try await client.send("abc")
            #expect(try await client.reply().body == (path == "/count" ? "3" : "abc"))
        }
    }

    @Test func answersWithoutAskingForTheBody() async throws {
        try await withServer(Self.make()) { address, _ in
            for (path, status) in [("/none", 404), ("/count", 413), ("/ignore", 200)] {
                let client = try TestClient(address)
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
                )
                let reply = try await client.reply()
                #expect(reply.status == status)
                #expect(reply.fields["connection"] == "close")
                client.finishSending()
                #expect(try await client.readToEnd() == "")
            }
        }
    }

    @Test func unwantedBodiesDoNotSpoilTheConnection() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            for path in ["/none", "/now", "/ignore", "/none"] {
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nGET / HTTP/")
                _ = try await client.reply()
            }
            try await client.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.reply().status == 200)
        }
    }

    @Test func largeUnwantedBodiesEndTheConnectionButNotTheAnswer() async throws {
        try await withServer(Self.make()) { address, _ in
            let client = try TestClient(address)
            try await client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
            try await client.send([UInt8](repeating: 0x61, count: 500_000))
            let reply = try await client.reply()
            #expect(reply.status == 404)
            #expect(reply.fields["connection"] == "close")
            client.finishSending()
            #expect(try await client.readToEnd() == "")
        }
    }

    @Test func refusesWhatItCannotRead() async throws {
        try await withServer(Self.make()) { address, _ in
            for (text, status) in [
                ("GET /now HTTP/1.1\r\n\r\n", 400), ("BREW / HTTP/1.1\r\n", 501),
                ("GET /now HTTP/1.1\r\nHost: a\r\n\r\nGET /\r\n", 400),
                ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!", 400),
                ("POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!", 400),
                ("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413),
            ] {
                let client = try TestClient(address)
                try await client.send(text)
                if text.contains("GET /\r\n") { #expect(try await client.reply().status == 200) }
                let reply = try await client.reply()
                #expect(reply.status == status)
                #expect(reply.fields["connection"] == "close")
                #expect(reply.fields["content-type"] == "application/problem+json")
                client.finishSending()
                #expect(try await client.readToEnd() == "")
            }
        }
    }

    @Test func cutsOffTheSlow() async throws {
        var router = Self.make()
        router.on(
            .get,
            "/endless",
            handler: { _ in
                Response(
                    body: .stream { writer in
                        while true { try await writer.write([UInt8](repeating: 0, count: 100_000)) }
                    }
                )
            }
        )
        let slow = { (configuration: inout ServerConfiguration) in
            configuration.headerTimeout = .milliseconds(100)
            configuration.idleTimeout = .milliseconds(100)
            configuration.bodyTimeout = .milliseconds(100)
            configuration.writeTimeout = .milliseconds(100)
        }
        let (ended, log) = LogWriter.lines()
        try await withServer(router, configure: slow, accessLog: log) { address, _ in
            #expect(try await TestClient(address).readToEnd() == "")
            let idle = try TestClient(address)
            try await idle.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.readToEnd().hasSuffix("now "))
            for text in [
                "GET /now HT", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
                "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
            ] {
                let client = try TestClient(address)
                try await client.send(text)
                #expect(try await client.reply().status == 408)
            }
            let reader = try TestClient(address, receiveBuffer: 4096)
            try await reader.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            for await line in ended where line.contains("route=/endless") { break }
        }
    }

    /// Resets that come close behind the bytes before them must not be missed: no timeout is there to help.
    @Test(.timeLimit(.minutes(30)))
    func connectionsThatAreResetAreClosed() async throws {
        let patient = { (configuration: inout ServerConfiguration) in
            configuration.drainTimeout = .seconds(3600)
        }
        try await withServer(Self.make(), configure: patient) { address, running in
            for text in ["", "GET /now", "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"] {
                for _ in 0..<100 {
                    let client = try TestClient(address)
                    try await client.send(text)
                    client.reset()
                }
            }
            // Draining waits for every connection whose request is under way.
            running.cancel()
            try await running.value
        }
    }

    @Test func drainingFinishesWhatIsUnderWay() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (go, finish) = AsyncStream.makeStream(of: Void.self)
        var router = Self.make()
        router.on(
            .get,
            "/wait",
            handler: { _ in
                start.yield()
                for await _ in go { break }
                return .text("done")
            }
        )
        try await withServer(router) { address, running in
            let idle = try TestClient(address)
            try await idle.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await idle.reply()
            let busy = try TestClient(address)
            try await busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            running.cancel()
            #expect(try await idle.readToEnd() == "")
            #expect(throws: SystemError.self) { try TestClient(address) }
            finish.yield()
            let reply = try await busy.reply()
            #expect(reply.body == "done")
            #expect(reply.fields["connection"] == "close")
            #expect(try await busy.readToEnd() == "")
            try await running.value
        }
    }

    @Test func drainingEndsInTime() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(
            .get,
            "/wait",
            handler: { _ in
                start.yield()
                for await _ in AsyncStream<Never>.makeStream().stream {}
                throw CancellationError()
            }
        )
        try await withServer(router, configure: { $0.drainTimeout = .milliseconds(50) }) { address, running in
            let client = try TestClient(address)
            try await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            running.cancel()
            #expect(try await client.readToEnd() == "")
            try await running.value
        }
    }

    @Test func connectionsOverTheLimitWait() async throws {
        try await withServer(Self.make(), configure: { $0.maxConnections = 1 }) { address, _ in
            let first = try TestClient(address)
            try await first.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await first.reply()
            let second = try TestClient(address)
            try await second.send("GET /now?q=2 HTTP/1.1\r\nHost: a\r\n\r\n")
            try await first.send("GET /now?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await first.reply().body == "now 1")
            #expect(try await second.reply().body == "now 2")
        }
    }

    @Test func connectionsAreSpreadOverTheQueues() async throws {
        try await withServer(Self.make(), configure: { $0.eventQueues = 3 }) { server, address, _ in
            var clients: [TestClient] = []
            for _ in 0..<100 {
                let client = try TestClient(address)
                clients.append(client)
                try await client.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.reply().body == "now ")
            }
            let loads = server.queues.map(\.load)
            #expect(loads.reduce(0, +) == 100)
            #expect(loads.allSatisfy { $0 > 20 }, "\(loads)")
            withExtendedLifetime(clients) {}
        }
    }
}
