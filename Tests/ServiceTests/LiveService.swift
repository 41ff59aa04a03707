import HTTP
import Logging

@testable import Service

/// A whole service over a socket.
struct LiveService {
    private let service: LimbicService

    init(_ configuration: ServiceConfiguration) throws {
        service = try LimbicService(configuration, logger: .quiet)
    }

    /// Hands its port to `body`, and ends the service after it.
    func run(_ body: (Int) async throws -> Void) async throws {
        let (addresses, continuation) = AsyncStream<SocketAddress>.makeStream()
        let running = Task {
            defer { continuation.finish() }
            try await service.run { continuation.yield($0) }
        }
        defer { running.cancel() }
        var iterator = addresses.makeAsyncIterator()
        guard let address = await iterator.next() else { return try await running.value }
        try await body(address.port)
        running.cancel()
        _ = await running.result
    }
}
