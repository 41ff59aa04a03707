import Foundation
import Platform
import TestSupport
import Testing

struct ServiceManagerTests {
    /// What a manager's socket at `path` gets while `body` runs.
    private func messages(_ path: String, _ body: () -> Void) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sa_family_t>.size + name.count))
            }
        }
        try #require(status == 0)
        body()
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    @Test func tellsTheManager() throws {
        let scratch = try ScratchDirectory()
        for path in [scratch.file("notify"), "@limbic-test-\(UUID().uuidString)"] {
            let environment = ["NOTIFY_SOCKET": path]
            #expect(try messages(path) { ServiceManager.notify(.ready, environment: environment) } == "READY=1")
        }
        let path = scratch.file("reload")
        let message = try messages(path) { ServiceManager.notify(.reloading, environment: ["NOTIFY_SOCKET": path]) }
        #expect(message.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test func takesTheManagersSocket() throws {
        #expect(try ServiceManager.listeningSocket(environment: [:]) == nil)
        #expect(try ServiceManager.listeningSocket(environment: ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "1"]) == 3)
        // Meant for another process.
        #expect(try ServiceManager.listeningSocket(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]) == nil)
        #expect(throws: ServiceManagerError.self) {
            try ServiceManager.listeningSocket(environment: ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "2"])
        }
    }
}
