import Dispatch
import Glibc
import HTTPTypes
import Platform
import TestSupport
import Testing

@testable import HTTP

/// Clients that send more than is wanted, less than they said, or too slowly; and those that leave.
@Suite struct ClientsTests {
    private static let refusedUpload = "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"

    @Test func aClientThatAsksNoMoreIsAnswered() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (go, finish) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(
            .get, "/",
            handler: { _ in
                start.yield()
                for await _ in go { break }
                return .text(Task.isCancelled ? "cancelled" : "done")
            })
        router.on(.get, "/now", immediate: { _ in Response() })
        let oneQueue = { (configuration: inout ServerConfiguration) in configuration.eventQueues = 1 }
        try await withServer(router, configure: oneQueue) { address, _ in
            let client = try TestClient(address)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            client.finishSending()
            // An answer on the same queue tells that it has had the time to learn of the end.
            let other = try TestClient(address)
            try await other.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await other.reply()
            finish.yield()
            #expect(try await client.reply().body == "done")
            #expect(try await client.readToEnd() == "")
        }
    }

    /// Work that nobody may wait for can then come last. So it is for a client that ends while the answer is made, and for one
    /// that ends with its request.
    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func aHandlerLearnsThatItsClientMayBeGone(atOnce: Bool) async throws {
        let (started, start) = AsyncStream.makeStream(of: Responder.self)
        var router = Router()
        router.on(.post, "/", body: .buffered(limit: 10), deferred: { _, responder in start.yield(responder) })
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            if atOnce { client.finishSending() }
            for await responder in started {
                client.finishSending()
                while !responder.mayBeGone { await Task.yield() }
                #expect(!responder.isCancelled)
                responder.respond(.success(.text("done")))
                break
            }
            #expect(try await client.reply().body == "done")
        }
    }

    @Test func requestsBehindOneUnderWayAreNotRead() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (go, finish) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(
            .get, "/wait",
            handler: { _ in
                start.yield()
                for await _ in go { break }
                return Response()
            })
        router.on(.get, "/now", immediate: { _ in Response() })
        try await withServer(router) { address, _ in
            let client = try TestClient(address)
            try await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            let requests = Array(String(repeating: "GET /now HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000).utf8)
            let batches = 2000
            let sent = Mutex(0)
            let sending = Task {
                for _ in 0..<batches {
                    try await client.send(requests)
                    sent.withLock { $0 += 1 }
                }
            }
            let other = try TestClient(address)
            for _ in 0..<200 {
                try await other.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await other.reply()
            }
            // 64 MB do not fit into the kernel's buffers.
            #expect(sent.withLock { $0 } < batches)
            client.reset()
            finish.yield()
            await #expect(throws: TestClient.Ended.self) { try await sending.value }
        }
    }

    /// Plain clients send all of a body before they look for an answer.
    @Test func aRefusalReachesAClientThatSendsOn() async throws {
        try await withServer(Router()) { address, _ in
            let client = try TestClient(address)
            let size = 20 << 20
            try await client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 7, count: size))
            #expect(try await client.reply().status == 404)
            #expect(try await client.readToEnd() == "")
        }
    }

    /// The handler has its answer before it has read much of the body.
    @Test func theRestOfAnAnsweredBodyIsNotRead() async throws {
        var router = Router()
        router.on(.put, "/", body: .streamed(limit: 1 << 40)) { _ in .text("enough") }
        try await withServer(router, configure: { $0.lingerBytes = 1 << 20 }) { address, _ in
            let client = try TestClient(address)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            let reply = try await client.reply()
            #expect(reply.body == "enough")
            #expect(reply.fields["connection"] == "close")
            await #expect(throws: TestClient.Ended.self) { try await send(256 << 20, to: client) }
        }
    }

    /// More than the kernel's buffers hold, and less than was announced.
    private func send(_ count: Int, to client: TestClient) async throws {
        let megabyte = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<(count >> 20) { try await client.send(megabyte) }
    }

    /// Wherever in a write the connection breaks, the handler that waits for it learns of it.
    @Test(.timeLimit(.minutes(30)))
    func aStreamToAResetClientEnds() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(
            .get, "/",
            handler: { _ in
                Response(
                    body: .stream(length: 1 << 30) { writer in
                        defer { end.yield() }
                        for _ in 0..<1024 { try await writer.write([UInt8](repeating: 7, count: 1 << 20)) }
                    })
            })
        try await withServer(router) { address, _ in
            for count in [1, 1 << 16, 1 << 22] {
                let client = try TestClient(address, receiveBuffer: 4096)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.read(count)
                client.reset()
                for await _ in ended { break }
            }
        }
    }

    /// By 64 MB, if nothing else is wanted.
    @Test(arguments: [nil, 1 << 20])
    func whatIsDroppedIsBounded(_ limit: Int?) async throws {
        try await withServer(Router(), configure: { $0.lingerBytes = limit ?? $0.lingerBytes }) { address, _ in
            let client = try TestClient(address)
            try await client.send(Self.refusedUpload)
            await #expect(throws: TestClient.Ended.self) { try await send(256 << 20, to: client) }
        }
    }

    enum Leaving: CaseIterable { case behindItsAnswer, beforeItsAnswer, byReset }

    @Test(.timeLimit(.minutes(30)), arguments: Leaving.allCases)
    func aRefusedClientThatLeavesMakesRoom(_ leaving: Leaving) async throws {
        let patient = { (configuration: inout ServerConfiguration) in
            configuration.eventQueues = 1
            configuration.lingerTimeout = .seconds(3600)
        }
        try await withServer(Router(), configure: patient) { server, address, _ in
            for _ in 0..<20 {
                let client = try TestClient(address)
                // The server learns of a request and of the end behind it at once.
                let isHeldUp = DispatchSemaphore(value: 0)
                if leaving == .beforeItsAnswer { server.queues[0].post { isHeldUp.wait() } }
                try await client.send(Self.refusedUpload)
                if leaving == .beforeItsAnswer { client.finishSending() }
                isHeldUp.signal()
                #expect(try await client.reply().status == 404)
                if leaving == .behindItsAnswer { client.finishSending() }
                if leaving == .byReset { client.reset() }
                // An answer on the same queue tells that it has had the time to learn of the end.
                let other = try TestClient(address)
                try await other.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(try await other.readToEnd().hasPrefix("HTTP/1.1 404"))
                #expect(await server.counters().openConnections == 0)
                withExtendedLifetime(client) {}
            }
        }
    }

    @Test func oneAddressDoesNotTakeAllConnections() async throws {
        try await withServer(Router(), configure: { $0.maxConnectionsPerAddress = 2 }) { address, _ in
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            for _ in 0..<10 {
                let clients = try (0..<2).map { _ in try TestClient(address) }
                for client in clients {
                    try await client.send(request)
                    #expect(try await client.reply().status == 404)
                }
                let third = try TestClient(address)
                #expect(try await third.readToEnd() == "")
                for client in clients {
                    client.finishSending()
                    #expect(try await client.readToEnd() == "")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func aServerThatStopsDoesNotWaitForClientsWithTheirAnswer() async throws {
        let patient = { (configuration: inout ServerConfiguration) in
            configuration.drainTimeout = .seconds(3600)
            configuration.lingerTimeout = .seconds(3600)
        }
        try await withServer(Router(), configure: patient) { address, running in
            let client = try TestClient(address)
            try await client.send(Self.refusedUpload)
            #expect(try await client.reply().status == 404)
            running.cancel()
            try await running.value
            #expect(try await client.readToEnd() == "")
        }
    }

    /// Each byte comes in time, but all of them together do not.
    @Test(.timeLimit(.minutes(30)), arguments: ["/gathered", "/piped"])
    func aBodyThatComesTooSlowlyIsRefused(_ path: String) async throws {
        var router = Router()
        router.on(.post, "/gathered", body: .buffered(limit: 1 << 30)) { _ in Response() }
        router.on(.post, "/piped", body: .streamed(limit: 1 << 30)) { request in
            for try await _ in request.body.stream {}
            return Response()
        }
        let strict = { (configuration: inout ServerConfiguration) in
            configuration.bodyTimeout = .milliseconds(200)
            configuration.bodyRate = 1 << 40
            configuration.lingerTimeout = .milliseconds(200)
        }
        try await withServer(router, configure: strict) { address, _ in
            let client = try TestClient(address)
            try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            let sending = Task { while true { try await client.send([7]) } }
            await #expect(throws: TestClient.Ended.self) { try await sending.value }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func anAnswerThatIsTakenTooSlowlyIsCutOff() async throws {
        var router = Router()
        router.on(
            .get, "/",
            handler: { _ in
                Response(
                    body: .stream { writer in
                        while true { try await writer.write([UInt8](repeating: 7, count: 1 << 20)) }
                    })
            })
        let strict = { (configuration: inout ServerConfiguration) in
            configuration.writeTimeout = .milliseconds(200)
            configuration.writeRate = 1 << 40
        }
        try await withServer(router, configure: strict) { address, _ in
            let client = try TestClient(address, receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await #expect(throws: TestClient.Ended.self) {
                while true { _ = try await client.read(1 << 16) }
            }
        }
    }

    @Test func aFileThatBecomesShorterBreaksTheAnswer() async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write("a.bin", [UInt8](repeating: 7, count: 64 << 20))
        var router = Router()
        router.files(under: "/", directory: scratch.path)
        try await withServer(router) { address, _ in
            let client = try TestClient(address, receiveBuffer: 4096)
            try await client.send("GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(1)
            // More than the kernel's buffers hold is still to be read.
            try #require(truncate(path, 1) == 0)
            await #expect(throws: TestClient.Ended.self) { try await client.reply() }
        }
    }
}
