import Emotion
import Foundation
import Jobs
import JSON
import Platform
import TestSupport
import Testing

@testable import Service

/// `limbic serve` as a process: its settings, its signals.
struct ServeTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// How a server that cannot start ends.
    private func refusal(_ arguments: [String], environment: [String: String] = [:]) throws -> (Int32, String) {
        let process = ServerProcess.process(scratch.file("data"), arguments)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(arguments: [
        ("--slots", "0", "must be at least 1, not 0"), ("--port", "70000", "a port is a number from 0 to 65535"),
        ("--max-connections", "0", "must be at least 1, not 0"), ("--header-seconds", "0", "must be at least 1, not 0"),
        ("--log-level", "loud", "there is no level loud"),
        ("--trusted-proxies", "127.0.0.1, 10.0.0.1/8", "'10.0.0.1/8' is no address and no network such as"),
        ("--training-threads", "0", "must be from 1 to 1024, not 0"),
        ("--launcher", #"["srun", 1]"#, "is not an array of strings such as"),
        ("--worker-niceness", "20", "must be from 0 to 19, not 20"),
        ("--worker-memory", "1000", "must be from 268435456 to "),
        ("--rate-limit", "0", "must be from 1 to 1000000, not 0"),
        ("--cors-origins", "https://a.example, b.example", "'b.example' is neither * nor an origin such as"),
        ("--stall-seconds", "5", "must be at least 15, not 5"), ("--keep-jobs", "0", "must be from 1 to 36500, not 0"),
    ])
    func aWrongSettingIsNamedByWhereItCameFrom(flag: String, value: String, reason: String) throws {
        let byFlag = try refusal([flag, value])
        #expect(byFlag.0 == 64 && byFlag.1.contains("\(flag): \(reason)"))
        let variable = "LIMBIC_" + flag.dropFirst(2).uppercased().replacing("-", with: "_")
        let byVariable = try refusal([], environment: [variable: value])
        #expect(byVariable.0 == 64 && byVariable.1.contains("\(variable): \(reason)"))
    }

    @Test func aPortInUseIsNamed() throws {
        let first = try ServerProcess(scratch.file("first"), ["--port", "0"])
        let second = try refusal(["--port", "\(first.port)"])
        #expect(second.0 == 69)
        #expect(second.1.contains("cannot listen on 127.0.0.1:\(first.port): another program listens there"))
    }

    @Test(.timeLimit(.minutes(30)))
    func isNotReadyWhileItWaitsToStop() async throws {
        let server = try ServerProcess(scratch.file("data"), ["--port", "0", "--shutdown-delay", "600"])
        #expect(try await server.get("/v2/health/ready").hasPrefix("HTTP/1.1 200"))
        server.signal(SIGTERM)
        // The signal is on its way, and takes effect once.
        while try await server.get("/v2/health/ready").hasPrefix("HTTP/1.1 200") {}
        #expect(try await server.get("/v2/health/ready").hasPrefix("HTTP/1.1 503"))
        #expect(try await server.get("/v2/health/live").hasPrefix("HTTP/1.1 200"))
        server.signal(SIGTERM)
        #expect(try await server.end() == 128 + SIGTERM)
    }

    @Test(.timeLimit(.minutes(30)))
    func tellsItsManagerAndReadsItsCertificateAnew() async throws {
        let manager = try ManagerSocket(scratch.file("notify"))
        let server = try ServerProcess(
            scratch.file("data"), ["--port", "0", "--shutdown-delay", "0"],
            environment: ["NOTIFY_SOCKET": manager.path])
        #expect(try await manager.message() == "READY=1")
        server.signal(SIGHUP)
        #expect(try await manager.message().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(try await manager.message() == "READY=1")
        try await server.waitForLog("the certificate was read anew")
        #expect(try await server.get("/v2/health/ready").hasPrefix("HTTP/1.1 200"))
        server.signal(SIGTERM)
        #expect(try await manager.message() == "STOPPING=1")
        #expect(try await server.end() == 0)
    }

    @Test(.timeLimit(.minutes(30)))
    func goesOnWhenThereAreFilesToOpenAgain() async throws {
        let server = try ServerProcess(scratch.file("data"), ["--port", "0", "--shutdown-delay", "0"])
        let port = server.port
        try server.limitFiles(to: 0)
        async let answer = exchange(
            port: port, "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try await server.waitForLog("accepting paused")
        try server.limitFiles(to: 1024)
        #expect(try await answer.hasPrefix("HTTP/1.1 200"))
    }

    /// Also where the next request is always there already.
    @Test func whatOneConnectionSendsIsNotKept() async throws {
        // The address sanitizer keeps what is freed for a while.
        let options = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] ?? ""
        let server = try ServerProcess(
            scratch.file("data"), ["--port", "0", "--enable-echo"],
            environment: ["ASAN_OPTIONS": options + ":quarantine_size_mb=1"])
        func upload(_ count: Int, times: Int) async throws {
            let body = String(repeating: "x", count: count)
            let request = "PUT /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(count)\r\n\r\n\(body)"
            let last = "PUT /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            let answers = try await exchange(
                port: server.port, String(repeating: request, count: times) + last)
            #expect(answers.components(separatedBy: "HTTP/1.1 201").count == times + 2)
        }
        try await upload(1 << 20, times: 1)
        let before = try server.peakMemory
        try await upload(1 << 20, times: 128)
        #expect(try server.peakMemory < before + 64 << 20)
    }

    @Test func echoesWhenItIsToldTo() async throws {
        let request = "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        let echo = try ServerProcess(scratch.file("echo"), ["--port", "0", "--enable-echo"])
        #expect(try await exchange(port: echo.port, request).hasSuffix("\r\n\r\nhello"))
        let upload = "PUT /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        #expect(try await exchange(port: echo.port, upload).hasSuffix("\r\n\r\n5"))
        let plain = try ServerProcess(scratch.file("plain"), ["--port", "0"])
        #expect(try await exchange(port: plain.port, upload).hasPrefix("HTTP/1.1 40"))
        #expect(try await exchange(port: plain.port, request).hasPrefix("HTTP/1.1 421"))
    }

    @Test(.timeLimit(.minutes(30)))
    func doesNotWaitForThoseThatWaitForAJob() async throws {
        let data = scratch.file("data")
        let job = try await makeJob(in: data) { _ = try await $0.requestPause($1) }
        let server = try ServerProcess(data, ["--port", "0", "--shutdown-delay", "0"])
        let port = server.port
        async let answer = exchange(
            port: port, "GET /v1/jobs/\(job)?wait=60 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while try await !server.get("/metrics").contains("limbic_http_connections 2\n") {}
        server.signal(SIGTERM)
        // It would be cut off at the end of the time to drain.
        #expect(try await answer.hasPrefix("HTTP/1.1 200"))
        #expect(try await server.end() == 0)
    }

    /// Makes a job in a data directory that no server has, and does something with it.
    private func makeJob(
        in data: String, at clock: WallClock = .system, _ body: (JobStore, String) async throws -> Void
    ) async throws -> String {
        let database = try Jobs.Database(
            directory: URL(filePath: data), migrations: TestService.root.appending(path: "Migrations"),
            options: .init(clock: clock))
        defer { try? database.close() }
        let dataset = try await DatasetStore(database).create(name: "words", document: Data("{}".utf8))
        let jobs = JobStore(database)
        let document = try JSONEncoder().encode(
            JobDocument(recipe: "paper", seed: 0, hyperparameters: Hyperparameters()))
        let job = try await jobs.submit(
            JobSubmission(dataset: dataset.id, model: "emo", document: document, priority: 0, maxAttempts: 1)
        ).job.id
        try await body(jobs, job)
        return job
    }

    @Test(.timeLimit(.minutes(30)))
    func removesJobsThatHaveBeenOverForLong() async throws {
        let (data, log) = (scratch.file("data"), scratch.file("data/logs"))
        var ids: [String] = []
        for days: Int64 in [2, 0] {
            let clock = WallClock { WallClock.system.now() - days * 86_400_000 }
            let job = try await makeJob(in: data, at: clock) { _ = try await $0.requestCancel($1) }
            try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
            try Data("said".utf8).write(to: URL(filePath: "\(log)/\(job).log"))
            ids.append(job)
        }
        let server = try ServerProcess(data, ["--port", "0", "--keep-jobs", "1", "--shutdown-delay", "0"])
        while try await server.get("/v1/jobs/\(ids[0])/events").hasPrefix("HTTP/1.1 200") {}
        #expect(try await server.get("/v1/jobs/\(ids[1])/events").contains("cancelled"))
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: log) == ["\(ids[1]).log"])
    }

    @Test(.timeLimit(.minutes(30)))
    func endsWhenNothingIsUnderWay() async throws {
        let server = try ServerProcess(scratch.file("data"), ["--port", "0", "--shutdown-delay", "0"])
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
    }
}
