import Foundation
package import HTTP
import Jobs
package import Logging
package import Platform
import ServiceLifecycle
import UnixSignals

/// The service from its start to its end: the one place that orders both.
///
/// Start: the database, what an earlier server left behind, the worker pool, the listener. When it is to stop: not ready any
/// more, the listener drains, workers are ended and their jobs wait again, the database is closed.
package struct LimbicService {
    private let backend: Backend
    private let logger: Logger
    private let log: LogWriter

    /// Opens the data directory.
    ///
    /// - Parameter log: where what is logged is written, the requests too.
    package init(
        _ configuration: ServiceConfiguration, logger: Logger, log: LogWriter = LogWriter(descriptor: STDERR_FILENO)
    ) throws(StartError) {
        self.log = log
        do { backend = try Backend(configuration, logger: logger) } catch { throw StartError(error) }
        self.logger = logger
    }

    /// Serves until the process is told to end by SIGTERM or SIGINT, or the task is cancelled.
    ///
    /// - Parameter onReady: called with the address once requests are answered.
    package func run(onReady: @escaping @Sendable (SocketAddress) -> Void) async throws {
        try await backend.files.sweep()
        var server = backend.configuration.server
        // Workers need some of it, even when a client does not let go.
        server.drainTimeout = backend.configuration.drainTimeout - backend.shutdown.reserve
        server.maxConnections = min(
            server.maxConnections,
            DescriptorLimit.raise().connections(slots: backend.configuration.slots)
        )
        let listener = ListenerService(
            server: try Server(
                configuration: server,
                router: backend.makeRouter(),
                logger: logger,
                accessLog: logger.logLevel <= .info ? log : nil
            ),
            backend: backend,
            log: log,
            onReady: onReady
        )
        // Shut down one by one from the last to the first.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [StoreService(backend: backend), PoolService(backend: backend), listener],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}

/// Watches the disk, removes old jobs, and closes the database when everything else has ended.
private struct StoreService: ServiceLifecycle.Service {
    let backend: Backend

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await backend.health.run() }
                group.addTask { await EvaluationRunner(backend: backend).run() }
                group.addTask { await backend.keys.run() }
                if let age = backend.configuration.keepsJobs {
                    let retention = JobRetention(
                        age: age, jobs: backend.jobs, files: backend.files, logger: backend.logger)
                    group.addTask { await retention.run() }
                }
            }
        }
        try backend.database.close()
    }
}

private struct PoolService: ServiceLifecycle.Service {
    let backend: Backend

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await backend.makePool().run() }
    }
}

private struct ListenerService: ServiceLifecycle.Service {
    let server: Server
    let backend: Backend
    let log: LogWriter
    let onReady: @Sendable (SocketAddress) -> Void

    func run() async throws {
        backend.observation.watch(server)
        let address = try await server.start(refuseIfOpen)
        await cancelWhenGracefulShutdown { await backend.warmUp() }
        backend.health.start()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let impatience = Task { await endAtSecondSignal(signals) }
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let reloads = Task { for await _ in hangUps { reloadCertificate() } }
        defer {
            impatience.cancel()
            reloads.cancel()
        }
        warnIfOpen(address)
        onReady(address)
        ServiceManager.notify(.ready)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask {
                    // Cancelled instead, it ends without a delay.
                    do {
                        try await gracefulShutdown()
                        try await Task.sleep(for: backend.configuration.shutdownDelay)
                    } catch {}
                    backend.shutdown.begin()
                }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            backend.health.drain()
            ServiceManager.notify(.stopping)
        }
    }

    private func reloadCertificate() {
        ServiceManager.notify(.reloading)
        defer { ServiceManager.notify(.ready) }
        do {
            try server.reloadCertificate()
            backend.logger.notice("the certificate was read anew")
        } catch {
            backend.logger.error("the certificate is still the old one", metadata: ["error": "\(error)"])
        }
    }

    /// Beyond loopback nobody is let in without a key, but where that is what was asked for.
    private func refuseIfOpen(_ address: SocketAddress) throws {
        guard address.isLoopback || !backend.authorization.isOpen || backend.configuration.allowsAnonymous else {
            throw StartError.open(address, backend.configuration.dataDirectory)
        }
    }

    private func warnIfOpen(_ address: SocketAddress) {
        guard !address.isLoopback else { return }
        if backend.authorization.isOpen {
            backend.logger.warning(
                "anyone who can reach this address can use the service",
                metadata: ["address": "\(address)", "cure": "limbic key create, or --host 127.0.0.1"])
        }
        if backend.configuration.server.tls == nil {
            backend.logger.warning(
                "what is sent, keys too, can be read on the way",
                metadata: ["address": "\(address)", "cure": "--tls-certificate and --tls-key, or a proxy with TLS"])
        }
    }

    /// Whoever sends a second signal does not want to wait. All that must last is written before it is answered, and workers
    /// end when their server is gone.
    private func endAtSecondSignal(_ signals: UnixSignalsSequence) async {
        for await signal in signals.dropFirst() {
            backend.logger.warning("ending at once", metadata: ["signal": "\(signal)"])
            log.flush(limit: 0.5)
            _exit(128 + signal.rawValue)
        }
    }
}
