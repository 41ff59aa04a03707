import Glibc
import Logging
import Platform
import Testing

@testable import HTTP

struct ConnectionBuffersTests {
    /// A client that is always behind does not have the server keep what it has taken.
    @Test func whatIsSentIsNotKept() async throws {
        let context = try ServerContext(
            configuration: ServerConfiguration(), router: Router(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, accessLog: nil)
        let events = try EventQueue(index: 0, context: context)
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        let (client, socket) = (ends[0], Socket(descriptor: ends[1]))
        defer {
            close(client)
            socket.close()
        }
        let connection = Connection(transport: .plain(socket), remoteAddress: .loopback, events: events)
        let (most, sent) = await withCheckedContinuation { continuation in
            events.post {
                let piece = [UInt8](repeating: 7, count: Connection.unsentLimit)
                // More than the kernel takes.
                for _ in 0..<64 { connection.unsent += piece }
                var (most, sent) = (0, 0)
                for _ in 0..<1024 {
                    connection.unsent += piece
                    connection.sendUnsent()
                    most = max(most, connection.unsent.count)
                    var taken = piece
                    sent += max(0, recv(client, &taken, taken.count, 0))
                }
                continuation.resume(returning: (most, sent))
            }
        }
        #expect(sent >= 32 << 20)
        #expect(most <= 16 << 20)
    }
}
