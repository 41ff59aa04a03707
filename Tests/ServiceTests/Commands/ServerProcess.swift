import Foundation
import Platform
import Testing

@testable import Service

/// `limbic serve`, started and ready.
final class ServerProcess {
    let process: Process
    let port: Int
    private let output = Pipe()
    private let errors: String

    init(_ data: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process = Self.process(data, arguments)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        errors = data + ".log"
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try process.run()
        var line = ""
        while !line.hasSuffix("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1) {
            line += String(decoding: byte, as: UTF8.self)
        }
        port = try #require(
            Int(line.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":").last ?? ""))
    }

    deinit { if process.isRunning { process.terminate() } }

    func get(_ path: String, accept: String = "application/json") async throws -> String {
        try await exchange(
            port: port,
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: \(accept)\r\nConnection: close\r\n\r\n")
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The status that the process ends with, 128 and a signal's number added where one ends it.
    func end() async throws -> Int32 {
        try await WorkQueue("test.end").run { [process] in
            process.waitUntilExit()
            return process.terminationStatus + (process.terminationReason == .exit ? 0 : 128)
        }
    }

    /// Returns when it has logged `text`.
    func waitForLog(_ text: String) async throws {
        while try !String(contentsOfFile: errors, encoding: .utf8).contains(text) {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// The most memory it has had, in bytes (proc_pid_status(5)).
    var peakMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(Int(line.filter(\.isNumber))) << 10
        }
    }

    /// Lets it open no file whose descriptor is not below `count`; those that are open stay so.
    func limitFiles(to count: Int) throws {
        let prlimit = try Process.run(
            URL(filePath: "/usr/bin/prlimit"),
            arguments: ["--pid", "\(process.processIdentifier)", "--nofile=\(count):"])
        prlimit.waitUntilExit()
        try #require(prlimit.terminationStatus == 0)
    }

    static func process(_ data: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: ServiceConfiguration.make(URL(filePath: data)).workerExecutable)
        process.arguments =
            [
                "serve", "--data-dir", data, "--migrations", TestService.root.appending(path: "Migrations").path,
                "--public", TestService.root.appending(path: "Public").path,
            ] + arguments
        process.standardInput = FileHandle.nullDevice
        return process
    }
}
