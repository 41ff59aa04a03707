import Foundation
import HTTP
import HTTPTypes
import Jobs
import Logging
import Platform

/// Whether the service can take work. Answers at once from memory; a probe of the disk runs beside it.
final class Health: Sendable {
    private struct State {
        enum Phase {
            case starting, serving, draining
        }

        var phase = Phase.starting
        /// By the latest probe.
        var isWritable = true
        /// Whether the log of changes was found too long, and that was said.
        var isLogLong = false
    }

    /// What a probe writes, in bytes: new pages, which a full disk has no room for.
    private static let probeSize = 1 << 14
    /// The size in bytes at which the database's log of changes is worth a warning.
    private let longLog: Int

    private let state = Mutex(State())
    private let directory: DataDirectory
    private let database: Jobs.Database
    private let logger: Logger
    private let queue = WorkQueue("limbic.health", qos: .utility)

    init(directory: DataDirectory, database: Jobs.Database, longLog: Int = 256 << 20, logger: Logger) {
        self.longLog = longLog
        self.directory = directory
        self.database = database
        self.logger = logger
    }

    func start() {
        state.withLock { if $0.phase == .starting { $0.phase = .serving } }
    }

    /// From here on the service is not ready, for good.
    func drain() {
        state.withLock { $0.phase = .draining }
    }

    /// Tries every few seconds whether files and database have room to grow, until the task is cancelled.
    func run(every interval: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            await probe()
            await watchLog()
            try? await Task.sleep(for: interval)
        }
    }

    func probe() async {
        do {
            try await queue.run { [directory] in try Self.write(to: directory.path(DataLayout.probe)) }
            try await database.probe(size: Self.probeSize)
            state.withLock { $0.isWritable = true }
        } catch is CancellationError {
            // Nothing was learnt.
        } catch {
            logger.error("the data directory cannot be written", metadata: ["error": "\(error)"])
            state.withLock { $0.isWritable = false }
        }
    }

    /// Keeps the database's log of changes short, and says when a reader does not let it.
    func watchLog() async {
        // What fails here fails in the probe as well, which says so.
        guard let size = try? await database.trimLog() else { return }
        let isLong = size > longLog
        let wasLong = state.withLock { state in
            defer { state.isLogLong = isLong }
            return state.isLogLong
        }
        if isLong, !wasLong {
            logger.warning(
                "a reader keeps the database's log of changes from being emptied: another program has the database open",
                metadata: ["bytes": "\(size)"])
        } else if wasLong, !isLong {
            logger.notice("the database's log of changes is short again", metadata: ["bytes": "\(size)"])
        }
    }

    /// Makes a file anew: one that is there has its room already, so that writing over it would always succeed.
    private static func write(to path: String) throws {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        defer {
            close(descriptor)
            unlink(path)
        }
        // Not zeros, which some file systems do not store, nor a call of the system for each random number.
        var word = UInt64.random(in: .min ... .max)
        let bytes = (0..<probeSize).map { _ in
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(word >> 56)
        }
        try Descriptor.writeAll(bytes, to: descriptor)
        guard fsync(descriptor) == 0 else { throw SystemError("fsync", path: path) }
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
                    let state = state.withLock { $0 }
                    switch state.phase {
                    case .starting: throw Problem.unavailable(code: "starting", "the service is starting")
                    case .draining: throw Problem.unavailable(code: "draining", "the service is stopping")
                    case .serving where state.isWritable: return ready
                    case .serving:
                        throw Problem.unavailable(code: "store_unavailable", "the data directory cannot be written")
                    }
                }
            ),
        ]
    }
}
