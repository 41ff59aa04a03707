import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// Files over sockets, sent by the kernel.
struct FileSendingTests {
    private static let content = (0..<(9 << 20) + 123).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private func withFile(_ test: (SocketAddress) async throws -> Void) async throws {
        let scratch = try ScratchDirectory()
        _ = try scratch.write("a.bin", Self.content)
        _ = try scratch.write("empty.bin", [])
        var router = Router()
        router.on(.get, "/now", immediate: { _ in .text("now") })
        router.files(under: "/", directory: scratch.path)
        try await withServer(router) { address, _ in try await test(address) }
    }

    @Test(arguments: [nil, 4096])
    func arriveWhole(receiveBuffer: Int32?) async throws {
        try await withFile { address in
            let client = try TestClient(address, receiveBuffer: receiveBuffer)
            // All are asked for before the first is sent.
            let paths = ["/a.bin", "/a.bin", "/now"]
            for path in paths { try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
            for path in paths {
                let reply = try await client.rawReply()
                #expect(reply.status == 200 && reply.body == (path == "/now" ? Array("now".utf8) : Self.content))
            }
            try await client.send("GET /empty.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            let empty = try await client.rawReply()
            #expect(empty.status == 200 && empty.body.isEmpty)
        }
    }

    @Test(arguments: [0..<1, 262_143..<262_145, 4_000_001..<8_000_001, (9 << 20) + 122..<(9 << 20) + 123])
    func arriveInRanges(_ range: Range<Int>) async throws {
        try await withFile { address in
            let client = try TestClient(address)
            let field = "Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            for _ in 0..<2 {
                try await client.send("GET /a.bin HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
                let reply = try await client.rawReply()
                #expect(reply.status == 206 && reply.body == Array(Self.content[range]))
            }
            try await client.send("HEAD /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.rawReply(toHead: true).fields["content-length"] == "\(Self.content.count)")
        }
    }

    @Test func manyClientsGetThemAtOnce() async throws {
        try await withFile { address in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let client = try TestClient(address)
                        try await client.send("GET /a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                        #expect(try await client.rawReply().body == Self.content)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
