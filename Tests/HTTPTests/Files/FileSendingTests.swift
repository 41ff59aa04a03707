import Dispatch
import Glibc
import HTTPTypes
import Platform
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

    /// Neither to open a file nor to read what is not in the kernel's cache. The disk is slow, as it were, as long as nothing
    /// happens on the queue for that.
    @Test(.timeLimit(.minutes(30)), arguments: ["/small.bin", "/uncached"])
    func noOneElseWaitsForTheDisk(_ path: String) async throws {
        let scratch = try ScratchDirectory()
        let content = Self.content[..<100_000]
        let file = try OpenFile(path: try scratch.write("small.bin", content))
        if path == "/uncached" {
            try #require(fsync(file.descriptor) == 0)
            try #require(posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
            // Some file systems are nothing but the cache.
            if isInMemory(file) { return }
        }
        var router = Router()
        router.on(.get, "/now", immediate: { _ in .text("now") })
        router.on(.get, "/uncached", handler: { _ in Response(body: .file(file)) })
        router.files(under: "/", directory: scratch.path)
        try await withServer(router, configure: { $0.eventQueues = 1 }) { server, address, _ in
            let client = try TestClient(address)
            let other = try TestClient(address)
            OpenFile.reading.suspend()
            do {
                defer { OpenFile.reading.resume() }
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in 0..<20 {
                    try await other.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await other.reply().body == "now")
                }
                #expect(await server.counters().routes.filter { !$0.answers.isEmpty }.map(\.pattern) == ["/now"])
            }
            #expect(try await client.rawReply().body == Array(content))
        }
    }

    /// Whether the beginning of a file is in the kernel's cache; to try to read it would have it brought there.
    private func isInMemory(_ file: OpenFile) -> Bool {
        guard let bytes = mmap(nil, 1, PROT_READ, MAP_SHARED, file.descriptor, 0), bytes != MAP_FAILED else {
            return true
        }
        defer { munmap(bytes, 1) }
        var page: UInt8 = 1
        return mincore(bytes, 1, &page) != 0 || page & 1 == 1
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
