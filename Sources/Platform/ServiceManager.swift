import Foundation

/// What started this process, where it is systemd or speaks its protocols; elsewhere, nothing happens.
package enum ServiceManager {
    /// What the manager is told of (sd_notify(3)).
    package enum State: String, Sendable {
        case ready = "READY=1"
        case stopping = "STOPPING=1"
        case reloading = "RELOADING=1"
    }

    /// Tells the manager, if it wants to know (`NOTIFY_SOCKET`).
    package static func notify(
        _ state: State, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        guard let path = environment["NOTIFY_SOCKET"], !path.isEmpty else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // A name that lies in no directory (unix(7)).
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let message = Array((state.rawValue + clock(state)).utf8)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, size)
            }
        }
    }

    /// A manager that waits for a reload wants to know when it began.
    private static func clock(_ state: State) -> String {
        guard state == .reloading else { return "" }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return "\nMONOTONIC_USEC=\(Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000)"
    }

    /// The listening socket that the manager has opened for this process (sd_listen_fds(3)); nil for none.
    ///
    /// - Throws: ``ServiceManagerError`` when there are several.
    package static func listeningSocket(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ServiceManagerError) -> Int32? {
        guard environment["LISTEN_PID"] == "\(getpid())", let text = environment["LISTEN_FDS"], let count = Int(text),
            count > 0
        else { return nil }
        guard count == 1 else { throw ServiceManagerError(sockets: count) }
        return 3
    }
}

/// More sockets than the one that a server listens on.
package struct ServiceManagerError: Error, Equatable, CustomStringConvertible {
    let sockets: Int

    package var description: String {
        "LISTEN_FDS: there are \(sockets) sockets to listen on, of which one can be taken"
    }
}
