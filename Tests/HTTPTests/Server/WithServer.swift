import Logging
import Platform

@testable import HTTP

/// Runs `test` against a server that is drained afterwards.
func withServer(
    _ router: Router,
    configure: (inout ServerConfiguration) -> Void = { _ in },
    accessLog: LogWriter? = nil,
    _ test: (SocketAddress, Task<Void, any Error>) async throws -> Void
) async throws {
    try await withServer(router, configure: configure, accessLog: accessLog) { _, address, running in
        try await test(address, running)
    }
}

/// The same for tests of the server itself.
func withServer(
    _ router: Router,
    configure: (inout ServerConfiguration) -> Void = { _ in },
    accessLog: LogWriter? = nil,
    _ test: (Server, SocketAddress, Task<Void, any Error>) async throws -> Void
) async throws {
    var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
    configuration.eventQueues = 2
    // A machine that computes something else at the same time may be slow to read and write.
    configuration.headerTimeout = .seconds(3600)
    configuration.idleTimeout = .seconds(3600)
    configuration.bodyTimeout = .seconds(3600)
    configuration.writeTimeout = .seconds(3600)
    configuration.lingerTimeout = .seconds(3600)
    configuration.eventHeartbeat = .seconds(3600)
    configure(&configuration)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try Server(configuration: configuration, router: router, logger: logger, accessLog: accessLog)
    let address = try await server.start()
    let running = Task { try await server.run() }
    defer { running.cancel() }
    try await test(server, address, running)
    running.cancel()
    try await running.value
}
