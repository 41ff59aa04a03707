import Logging
import Platform
import Testing

@testable import HTTP

struct ConnectionTableTests {
    private func make(_ deadlineIn: Duration) throws -> Connection {
        var configuration = ServerConfiguration()
        configuration.headerTimeout = deadlineIn
        let context = try ServerContext(
            configuration: configuration, router: Router(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, accessLog: nil)
        return Connection(
            transport: .plain(Socket(descriptor: -1)), remoteAddress: .loopback,
            events: try EventQueue(index: 0, context: context))
    }

    @Test func newsOfOneThatHasEndedFindNothing() throws {
        var table = ConnectionTable()
        let (first, second) = (try make(.seconds(1)), try make(.seconds(1)))
        let token = table.insert(first)
        #expect(table[token] === first && table.count == 1)
        table.remove(token)
        #expect(table[token] == nil && table.count == 0)
        // In the place of the first.
        let other = table.insert(second)
        #expect(other != token && table[token] == nil && table[other] === second)
        #expect(other != Poller.bellToken && other != EventQueue.listenerToken)
    }

    @Test func thoseWhoseTimeIsUpAreFound() throws {
        var table = ConnectionTable()
        let (soon, late) = (try make(.seconds(1)), try make(.seconds(3600)))
        soon.token = table.insert(soon)
        late.token = table.insert(late)
        #expect(table.expired(at: soon.deadline - 1).isEmpty)
        #expect(table.expired(at: soon.deadline).map { $0 === soon } == [true])
        table.remove(soon.token)
        #expect(table.expired(at: soon.deadline).isEmpty)
        #expect(table.expired(at: late.deadline).count == 1)
    }
}
