import Foundation
import HTTP
import HTTPTypes
import Logging
import Platform
import Synchronization

/// Whether the service can take work. Answers at once from memory; a probe of the disk runs beside it.
final class Health: Sendable {
    private enum State: Equatable {
        case ready
        case starting
        case draining
        case unwritable
    }

    private let state = Mutex(State.starting)
    private let directory: DataDirectory
    private let logger: Logger
    private let queue = WorkQueue("limbic.health", qos: .utility)

    init(directory: DataDirectory, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    func start() {
        state.withLock { if $0 == .starting { $0 = .ready } }
    }

    /// From here on the service is not ready, for good.
    func drain() {
        state.withLock { $0 = .draining }
    }

    /// Tries every few seconds whether the data directory can be written, until the task is cancelled.
    func run(every interval: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            await probe()
            try? await Task.sleep(for: interval)
        }
    }

    func probe() async {
        do {
            try await queue.run { [directory] in
                let url = directory.url("health")
                // A page, which a full disk has no room for.
                try Data(count: 4096).write(to: url)
                try Files.sync(url.path)
            }
            state.withLock { if $0 == .unwritable { $0 = .ready } }
        } catch {
            logger.error("the data directory cannot be written", metadata: ["error": "\(error)"])
            state.withLock { if $0 == .ready { $0 = .unwritable } }
        }
    }

    var operations: [Operation] {
        let live = Response.encoding(["live": true])
        let ready = Response.encoding(["ready": true])
        return [
            Operation(
                id: "isLive", method: .get, pattern: "/v2/health/live", tag: "health", scope: .none,
                summary: "Whether the server runs",
                answers: [.init(summary: "It does", content: .json(.object([.init("live", .boolean)])))],
                handler: .immediate { _ in live }
            ),
            Operation(
                id: "isReady", method: .get, pattern: "/v2/health/ready", tag: "health", scope: .none,
                summary: "Whether the server can take work",
                answers: [.init(summary: "It can", content: .json(.object([.init("ready", .boolean)])))],
                failures: [.serviceUnavailable],
                handler: .immediate { [self] _ in
                    switch state.withLock({ $0 }) {
                    case .ready: ready
                    case .starting: throw Problem.unavailable(code: "starting", "the service is starting")
                    case .draining: throw Problem.unavailable(code: "draining", "the service is stopping")
                    case .unwritable:
                        throw Problem.unavailable(code: "store_unavailable", "the data directory cannot be written")
                    }
                }
            ),
        ]
    }
}
