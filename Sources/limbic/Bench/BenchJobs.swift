import ArgumentParser
import Emotion
import Foundation
import HTTP
import JSON
import Jobs
import Logging
import Service

extension Bench {
    /// `limbic bench jobs`: the job service over REST.
    struct Jobs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "jobs",
            abstract: "Measure submitting and listing jobs, and how soon one trains.",
            discussion: """
                The service runs in this process on a free port of the loopback device and a data directory of its own, which is \
                removed; its jobs are trainings of a tiny model, one at a time.

                \(SupportFiles.searchOrder)
                """
        )

        @Option(help: "Jobs that there are, all over.")
        var jobs = 100_000

        @Option(help: "Trainings whose first step is waited for.")
        var trainings = 40

        @Option(help: "Pages that are asked for, of 100 jobs each.")
        var pages = 200

        @Option(help: "Connections that submit jobs, each with one request under way.")
        var connections = 32

        @Option(help: "Seconds in which jobs are submitted.")
        var seconds = 5.0

        @Option(help: Settings.migrations.help)
        var migrations: String?

        @OptionGroup var report: BenchReport

        func validate() throws {
            for (name, value, range) in [
                ("--jobs", jobs, 0...10_000_000), ("--trainings", trainings, 1...10_000),
                ("--pages", pages, 1...100_000),
                ("--connections", connections, 1...10_000),
            ] where !range.contains(value) {
                throw ValidationError(
                    "\(name) \(value) is not a number from \(range.lowerBound) to \(range.upperBound)")
            }
            guard (0.01...3600).contains(seconds) else {
                throw ValidationError("--seconds \(seconds) is not a number from 0.01 to 3600")
            }
        }

        func run() async throws {
            try await Failure.reporting {
                let directory = FileManager.default.temporaryDirectory.appending(path: "limbic-bench-\(UUID())")
                defer { try? FileManager.default.removeItem(at: directory) }
                let migrations = try SupportFiles.folder("Migrations", Settings.migrations.optionalValue(migrations))
                try await fill(directory, migrations)
                let outcome = try await serving(directory, migrations) { port in
                    try JobsLoad(port: port, bench: self).run()
                }
                try report.print(
                    [
                        ("benchmark", .string("jobs")), ("jobs", .integer(jobs)),
                        ("connections", .integer(connections)),
                        ("submissions_per_second", .number(outcome.submissionsPerSecond)),
                    ] + outcome.firstSteps.report(as: "first_step") + outcome.pages.report(as: "page")
                        + outcome.submissions.report(as: "submission") + [ProcessMemory.report]
                )
            }
        }

        /// Makes the jobs that there are.
        private func fill(_ directory: URL, _ migrations: URL) async throws {
            let database = try Database(directory: directory, migrations: migrations)
            defer { try? database.close() }
            struct Document: Encodable {
                let recipe = Recipe.paper.rawValue
                let seed = 0
                let hyperparameters = Hyperparameters()
            }
            let document = try JSONEncoder().encode(Document())
            let dataset = try await DatasetStore(database).create(name: "none", document: Data("{}".utf8))
            let job = JobSubmission(dataset: dataset.id, model: "emo", document: document, priority: 0, maxAttempts: 1)
            let sweeps = SweepStore(database)
            for start in stride(from: 0, to: jobs, by: 1000) {
                let sweep = SweepSubmission(
                    document: Data("{}".utf8), dataset: dataset.id,
                    jobs: Array(repeating: (job, 0), count: min(1000, jobs - start)))
                _ = try await sweeps.cancel(sweeps.submit(sweep).sweep.id)
            }
        }

        /// Runs `body` on a thread of its own, with the port of a service on the directory.
        private func serving<Value: Sendable>(
            _ directory: URL, _ migrations: URL, _ body: @escaping @Sendable (Int) throws -> Value
        ) async throws -> Value {
            var configuration = ServiceConfiguration(
                dataDirectory: directory, migrations: migrations, publicDirectory: directory,
                workerExecutable: "/proc/self/exe", threads: 1, trainingThreads: 1)
            configuration.server = ServerConfiguration(host: "127.0.0.1", port: 0)
            configuration.shutdownDelay = .zero
            configuration.drainTimeout = .seconds(4)
            var logger = Logger(label: "limbic.bench")
            logger.logLevel = .critical
            let service = try LimbicService(configuration, logger: logger)
            let (addresses, continuation) = AsyncStream<SocketAddress>.makeStream()
            let running = Task {
                defer { continuation.finish() }
                try await service.run { continuation.yield($0) }
            }
            for await address in addresses {
                let outcome = await Bench.onThread { try body(address.port) }
                running.cancel()
                _ = await running.result
                return try outcome.get()
            }
            try await running.value
            throw Failure(.unavailable, "the service ended")
        }
    }
}
