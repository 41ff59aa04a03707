import ArgumentParser
import Engine
import Foundation
import Logging
import Platform
import Service

/// Runs the service.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the service.",
        discussion: """
            Prints 'listening on http://HOST:PORT' to standard output once it answers requests; its log goes to standard \
            error. SIGTERM and SIGINT end it in an orderly way.

            \(SupportFiles.searchOrder)
            """
    )

    @Option(name: .customLong("data-dir"), help: Settings.dataDirectory.help)
    var dataDirectory: String?
    @Option(help: Settings.host.help)
    var host: String?
    @Option(help: Settings.port.help)
    var port: Int?
    @Option(help: Settings.slots.help)
    var slots: Int?
    @OptionGroup
    var threads: ThreadsOption
    @Option(help: Settings.trainingThreads.help)
    var trainingThreads: Int?
    @Option(help: Settings.launcher.help)
    var launcher: String?
    @Option(help: Settings.maxUploadSize.help)
    var maxUploadSize: Int?
    @Option(help: Settings.maxPredictSize.help)
    var maxPredictSize: Int?
    @Option(help: Settings.maxClipUnits.help)
    var maxClipUnits: Int?
    @Option(help: Settings.modelMemory.help)
    var modelMemory: Int?
    @Option(help: Settings.allowedHosts.help)
    var allowedHosts: String?
    @Option(help: Settings.drainSeconds.help)
    var drainSeconds: Int?
    @Option(help: Settings.logLevel.help)
    var logLevel: String?
    @Option(help: Settings.migrations.help)
    var migrations: String?
    @Option(name: .customLong("public"), help: Settings.publicDirectory.help)
    var publicDirectory: String?

    func run() async throws {
        let configuration = try makeConfiguration()
        let logger = try makeLogger()
        try await Failure.reporting {
            defer { LogWriter.standardError.flush() }
            try threads.apply()
            do {
                try await LimbicService(configuration, logger: logger).run { address in
                    // Without a reader of standard output there is nobody to tell.
                    try? StandardOutput.write("listening on http://\(address)\n")
                }
            } catch let error as StartError {
                throw Failure(error.needsAttention ? .configuration : .unavailable, error.description)
            } catch {
                throw Failure(.unavailable, "\(error)")
            }
        }
    }

    private func makeConfiguration() throws -> ServiceConfiguration {
        let threads = try threads.value()
        var configuration = ServiceConfiguration(
            dataDirectory: URL(filePath: try Settings.dataDirectory.value(dataDirectory)),
            migrations: try SupportFiles.folder("Migrations", Settings.migrations.optionalValue(migrations)),
            publicDirectory: try SupportFiles.folder("Public", Settings.publicDirectory.optionalValue(publicDirectory)),
            // What runs, wherever it lies by now.
            workerExecutable: "/proc/self/exe",
            threads: threads,
            trainingThreads: try Settings.trainingThreads.optionalValue(trainingThreads) ?? threads
        )
        configuration.host = try Settings.host.value(host)
        configuration.port = try Settings.port.value(port)
        guard (0...65_535).contains(configuration.port) else {
            throw ValidationError("\(Settings.port.variable): a port is a number from 0 to 65535")
        }
        configuration.slots = try positive(Settings.slots, slots)
        configuration.launcher = (try Settings.launcher.optionalValue(launcher) ?? "").split(separator: " ").map(
            String.init)
        configuration.maxUploadSize = try positive(Settings.maxUploadSize, maxUploadSize)
        configuration.maxPredictSize = try positive(Settings.maxPredictSize, maxPredictSize)
        configuration.maxClipUnits = try positive(Settings.maxClipUnits, maxClipUnits)
        guard configuration.maxClipUnits <= MultiHeadAttention.longestSequence else {
            throw ValidationError(
                "\(Settings.maxClipUnits.variable): must be at most \(MultiHeadAttention.longestSequence)")
        }
        configuration.modelMemory = try positive(Settings.modelMemory, modelMemory)
        configuration.allowedHosts = (try Settings.allowedHosts.optionalValue(allowedHosts) ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        configuration.drainTimeout = .seconds(try positive(Settings.drainSeconds, drainSeconds))
        return configuration
    }

    private func positive(_ setting: Setting<Int>, _ flag: Int?) throws -> Int {
        let value = try setting.value(flag)
        guard value > 0 else { throw ValidationError("\(setting.variable): must be at least 1, not \(value)") }
        return value
    }

    private func makeLogger() throws -> Logger {
        let name = try Settings.logLevel.value(logLevel)
        guard let level = Logger.Level(rawValue: name) else {
            throw ValidationError("\(Settings.logLevel.variable): there is no level \(name)")
        }
        var logger = Logger(label: "limbic") { _ in LineLogHandler(writer: .standardError) }
        logger.logLevel = level
        return logger
    }
}
