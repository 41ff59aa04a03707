import Foundation
import Platform

/// Sends `text` over a connection of its own, and returns all that comes back or, where that is more, about so many bytes of it.
func exchange(port: Int, _ text: String, limit: Int = .max) async throws -> String {
    try await WorkQueue("test.client").run {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        defer { close(descriptor) }
        // Only ends a test that would hang.
        var patience = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw SystemError("connect") }
        var bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
        bytes = [UInt8](repeating: 0, count: 1 << 16)
        var answer: [UInt8] = []
        while answer.count < limit, case let count = read(descriptor, &bytes, min(bytes.count, limit)), count > 0 {
            answer += bytes[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
