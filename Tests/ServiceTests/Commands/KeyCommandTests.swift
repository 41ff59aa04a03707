import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

/// `limbic key`, with a service stopped and running, and what it means for `limbic serve`.
struct KeyCommandTests {
    private let scratch: ScratchDirectory
    private let data: String

    init() throws {
        scratch = try ScratchDirectory()
        data = scratch.file("data")
    }

    private func key(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let migrations = TestService.root.appending(path: "Migrations").path
        return try runLimbic(["key"] + arguments + ["--data-dir", data, "--migrations", migrations])
    }

    private func status(_ server: ServerProcess, key: String) async throws -> String {
        let answer = try await exchange(
            port: server.port,
            "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\nConnection: close\r\n\r\n")
        return String(answer.dropFirst("HTTP/1.1 ".count).prefix(3))
    }

    @Test(.timeLimit(.minutes(30)))
    func aRunningServiceFollows() async throws {
        let server = try ServerProcess(data, ["--port", "0", "--shutdown-delay", "0"])
        #expect(try await status(server, key: "any") == "200")
        let made = try key("create", "--scope", "predict", "--name", "first")
        #expect(made.status == 0 && made.output.wholeMatch(of: /lk_[A-Za-z0-9_-]{43}\n/) != nil)
        let secret = made.output.trimmingCharacters(in: .newlines)
        while try await status(server, key: "any") == "200" {}
        #expect(try await status(server, key: secret) == "200")
        let list = try key("list").output.split(separator: "\n")
        let id = try #require(list.last?.split(separator: " ").first.map(String.init))
        #expect(
            list.count == 2 && made.errors.contains(id) && list[1].contains("predict") && list[1].hasSuffix("first"))
        #expect(try key("revoke", id).output == "\(id) is revoked\n")
        while try await status(server, key: secret) == "200" {}
        // It does not fall open, now or when it is started again.
        #expect(try await server.get("/v1/models").hasPrefix("HTTP/1.1 401"))
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
        let next = try ServerProcess(data, ["--port", "0", "--shutdown-delay", "0"])
        #expect(try await next.get("/v1/models").hasPrefix("HTTP/1.1 401"))
        next.signal(SIGTERM)
        #expect(try await next.end() == 0)
        let open = try ServerProcess(data, ["--port", "0", "--allow-anonymous"])
        #expect(try await open.get("/v1/models").hasPrefix("HTTP/1.1 200"))
    }

    @Test func beyondLoopbackAServiceWantsAKey() async throws {
        let arguments = ["--host", "0.0.0.0", "--port", "0", "--shutdown-delay", "0"]
        let process = ServerProcess.process(data, arguments)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 78)
        #expect(try output.fileHandleForReading.readToEnd() ?? Data() == Data())
        #expect(text.contains("limbic key create --scope admin --data-dir \(data), or start with --allow-anonymous"))
        let open = try ServerProcess(scratch.file("open"), arguments, environment: ["LIMBIC_ALLOW_ANONYMOUS": "true"])
        try await open.waitForLog("anyone who can reach this address can use the service")
        #expect(try await open.get("/v1/models").hasPrefix("HTTP/1.1 200"))
        #expect(try key("create", "--scope", "admin,train").status == 0)
        let closed = try ServerProcess(data, arguments)
        #expect(try await closed.get("/v1/models").hasPrefix("HTTP/1.1 401"))
        #expect(try await closed.get("/v2/health/ready").hasPrefix("HTTP/1.1 200"))
    }

    @Test func aWrongArgumentIsNamed() throws {
        let scope = try key("create", "--scope", "predict,root")
        #expect(scope.status == 64 && scope.errors.contains("--scope: 'root' is none of predict, train and admin"))
        let limit = try key("create", "--scope", "predict", "--rate-limit", "0")
        #expect(limit.status == 64 && limit.errors.contains("--rate-limit: must be from 1 to 1000000, not 0"))
        #expect(try key("create", "--scope", "predict", "--name", "").status == 64)
        #expect(!FileManager.default.fileExists(atPath: data))
        let missing = try key("list")
        #expect(missing.status == 66)
        #expect(missing.errors == "limbic: \(data) is not a data directory of Limbic with a database\n")
        #expect(try key("create", "--scope", "predict").status == 0)
        let unknown = try key("revoke", "key_0")
        #expect(unknown.status == 66 && unknown.errors == "limbic: there is no key key_0\n")
    }

    @Test(.timeLimit(.minutes(30)))
    func logsInJSONAreALineAnObject() async throws {
        let server = try ServerProcess(data, ["--port", "0", "--shutdown-delay", "0", "--log-format", "json"])
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        _ = try await exchange(
            port: server.port,
            "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\ntraceparent: 00-\(trace)-00f067aa0ba902b7-01\r\nConnection: close\r\n\r\n"
        )
        try await server.waitForLog(trace)
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
        let lines = try String(contentsOfFile: data + ".log", encoding: .utf8).split(separator: "\n")
        let documents = try lines.map { try JSONReader.value(Array($0.utf8)) }
        #expect(documents.allSatisfy { $0["time"].text != nil && $0["level"].text != nil && $0["message"].text != nil })
        let request = try #require(documents.first { $0["message"] == "request" })
        #expect(request["trace_id"].text == trace && request["status"] == .integer(200) && request["method"] == "GET")
        #expect(request["route"] == "/v2/health/live" && request["remote"] == "127.0.0.1")
    }
}
