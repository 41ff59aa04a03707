import ArgumentParser
import Emotion
import Engine
import Foundation
import HTTP
import Logging
import Platform
import Service

/// Runs the service.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the service.",
        discussion: """
            Under systemd it says when it is ready and takes the socket that a unit gives it.

            Prints 'listening on http://HOST:PORT' (or https://) to standard output once it answers requests; its log goes to standard \
            error. SIGTERM and SIGINT end it in an orderly way, a second one at once.

            \(SupportFiles.searchOrder)
            """
    )

    @Option(name: .customLong("data-dir"), help: Settings.dataDirectory.help)
    var dataDirectory: String?
    @OptionGroup
    var listener: ListenerOptions
    @OptionGroup
    var access: AccessOptions
    @OptionGroup
    var threads: ThreadsOption
    @OptionGroup
    var workers: WorkerOptions
    @Option(help: Settings.keepJobs.help)
    var keepJobs: Int?
    @Option(help: Settings.maxUploadSize.help)
    var maxUploadSize: Int?
    @Option(help: Settings.maxPredictSize.help)
    var maxPredictSize: Int?
    @Option(help: Settings.maxClipUnits.help)
    var maxClipUnits: Int?
    @Option(help: Settings.maxPredictions.help)
    var maxPredictions: Int?
    @Option(help: Settings.precision.help)
    var precision: PredictionPrecision?
    @Option(help: Settings.modelMemory.help)
    var modelMemory: Int?
    @Option(help: Settings.allowedHosts.help)
    var allowedHosts: String?
    @Flag(
        help: """
            Answer every method at / with the body of the request, and take PUT /upload to a file that is removed, to try the \
            server as such.
            """)
    var enableEcho = false
    @Option(help: Settings.shutdownDelay.help)
    var shutdownDelay: Int?
    @Option(help: Settings.drainSeconds.help)
    var drainSeconds: Int?
    @Option(help: Settings.logLevel.help)
    var logLevel: String?
    @Option(help: Settings.logFormat.help)
    var logFormat: LogFormat?
    @Option(help: Settings.migrations.help)
    var migrations: String?
    @Option(name: .customLong("public"), help: Settings.publicDirectory.help)
    var publicDirectory: String?

    func run() async throws {
        let configuration = try makeConfiguration()
        let log = LogWriter(descriptor: STDERR_FILENO, format: try Settings.logFormat.value(logFormat))
        let logger = try makeLogger(log)
        try await Failure.reporting {
            defer { log.flush() }
            try threads.apply()
            do {
                try await LimbicService(configuration, logger: logger, log: log).run { address in
                    // Without a reader of standard output there is nobody to tell.
                    let scheme = configuration.server.tls == nil ? "http" : "https"
                    try? StandardOutput.write("listening on \(scheme)://\(address)\n")
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
            trainingThreads: threads
        )
        configuration.server = try listener.configuration()
        configuration.echoes = enableEcho
        try access.apply(to: &configuration)
        try workers.apply(to: &configuration)
        configuration.keepsJobs = try Settings.keepJobs.optionalValue(keepJobs, in: 1...36_500).map {
            .seconds($0 * 86_400)
        }
        configuration.maxUploadSize = try Settings.maxUploadSize.value(maxUploadSize, atLeast: 1)
        configuration.maxPredictSize = try Settings.maxPredictSize.value(maxPredictSize, atLeast: 1)
        configuration.maxClipUnits = try Settings.maxClipUnits.value(maxClipUnits, atLeast: 1)
        guard configuration.maxClipUnits <= MultiHeadAttention.longestSequence else {
            throw Settings.maxClipUnits.error(maxClipUnits, "must be at most \(MultiHeadAttention.longestSequence)")
        }
        configuration.maxPredictions = try Settings.maxPredictions.value(maxPredictions, atLeast: 1)
        configuration.precision = try Settings.precision.optionalValue(precision)
        if let fault = configuration.precision?.fault { throw Settings.precision.error(precision, fault) }
        configuration.modelMemory = try Settings.modelMemory.value(modelMemory, atLeast: 1)
        configuration.allowedHosts = (try Settings.allowedHosts.optionalValue(allowedHosts) ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        configuration.shutdownDelay = .seconds(try Settings.shutdownDelay.value(shutdownDelay, atLeast: 0))
        configuration.drainTimeout = .seconds(try Settings.drainSeconds.value(drainSeconds, atLeast: 1))
        return configuration
    }

    private func makeLogger(_ log: LogWriter) throws -> Logger {
        let name = try Settings.logLevel.value(logLevel)
        guard let level = Logger.Level(rawValue: name) else {
            throw Settings.logLevel.error(logLevel, "there is no level \(name)")
        }
        var logger = Logger(label: "limbic") { _ in LineLogHandler(writer: log) }
        logger.logLevel = level
        return logger
    }
}
