import ArgumentParser
import Foundation
import HTTP
import HTTPTypes
import Logging

extension Bench {
    /// `limbic bench http`: the HTTP server with clients in the same process.
    struct HTTP: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "http",
            abstract: "Measure small requests on kept-alive connections.",
            discussion: """
                The server runs in this process on a free port of the loopback device; the clients run on one thread, \
                which takes a core of its own.
                """
        )

        @Option(help: "Connections, each with one request under way.")
        var connections = 64

        @Option(help: "Seconds that are measured.")
        var seconds = 3.0

        @Option(help: "Seconds before that.")
        var warmup = 0.5

        @Option(help: "Queues the server spreads its connections over (default: one per core).")
        var queues: Int?

        @OptionGroup var report: BenchReport

        func validate() throws {
            guard (1...10_000).contains(connections) else {
                throw ValidationError("--connections \(connections) is not a number from 1 to 10000")
            }
            guard (0.01...3600).contains(seconds) else {
                throw ValidationError("--seconds \(seconds) is not a number from 0.01 to 3600")
            }
            guard (0...3600).contains(warmup) else {
                throw ValidationError("--warmup \(warmup) is not a number from 0 to 3600")
            }
            if let queues, !(1...1024).contains(queues) {
                throw ValidationError("--queues \(queues) is not a number from 1 to 1024")
            }
        }

        private static let path = "/v2/health/live"

        func run() async throws {
            try await Failure.reporting {
                var router = Router()
                let body = Array(#"{"live":true}"#.utf8)
                router.on(.get, Self.path, immediate: { _ in .json(body) })
                var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
                configuration.eventQueues = queues
                configuration.drainTimeout = .seconds(1)
                var logger = Logger(label: "limbic.bench")
                logger.logLevel = .error
                let server = try Server(configuration: configuration, router: router, logger: logger)
                let address = try await server.start()
                let serving = Task { try await server.run() }
                let outcome = await load(on: address.port)
                serving.cancel()
                try await serving.value
                try print(try outcome.get())
            }
        }

        private func load(on port: Int) async -> Result<HTTPLoad.Outcome, any Error> {
            let load = HTTPLoad(
                port: port,
                request: HTTPMessage(path: Self.path),
                connections: connections,
                warmup: .seconds(warmup),
                duration: .seconds(seconds)
            )
            return await Bench.onThread { try load.run() }
        }

        private func print(_ outcome: HTTPLoad.Outcome) throws {
            let timings = Timings(seconds: outcome.latencies)
            try report.print(
                [
                    ("benchmark", .string("http")), ("path", .string(Self.path)),
                    ("connections", .integer(connections)),
                    ("queues", .integer(queues ?? ProcessInfo.processInfo.activeProcessorCount)),
                    ("client_threads", .integer(1)), ("seconds", .number(outcome.seconds)),
                    ("requests", .integer(outcome.latencies.count)),
                    ("requests_per_second", .number(Double(outcome.latencies.count) / outcome.seconds)),
                    ("bytes_per_second", .number(Double(outcome.bytes) / outcome.seconds)),
                ] + timings.report + [ProcessMemory.report]
            )
        }
    }
}
