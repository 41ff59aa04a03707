import CLinux
import Glibc
import Platform

/// An address that cannot be listened on.
package struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
    package let host: String
    package let reason: String

    package var description: String { "cannot listen on \(host): \(reason)" }
}

/// A bound, listening, non-blocking TCP socket.
struct ListeningSocket: Sendable {
    enum Accepted {
        case connection(Socket, SocketAddress)
        case wouldBlock
        /// Out of descriptors or memory: worth another try in a while.
        case exhausted(SystemError)
        /// This connection was gone before we took it.
        case skipped
    }

    let descriptor: Int32
    let address: SocketAddress

    /// Binds to the first address that `host` stands for. Throws ``AddressError`` or ``SystemError``.
    init(host: String, port: Int, backlog: Int32) throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let found else {
            throw AddressError(host: host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(found) }
        let endpoint = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        descriptor = socket(
            found.pointee.ai_family,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            0
        )
        guard descriptor >= 0 else { throw SystemError("socket") }
        do {
            try Self.set(SO_REUSEADDR, SOL_SOCKET, descriptor)
            Self.sendAtOnce(descriptor)
            guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
                throw AddressError(host: endpoint, reason: Self.reason(errno))
            }
            guard listen(descriptor, backlog) == 0 else {
                throw AddressError(host: endpoint, reason: Self.reason(errno))
            }
            address = try Self.boundAddress(descriptor)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Takes over a socket that listens already. Throws ``SystemError`` where it is none of TCP.
    init(adopting descriptor: Int32) throws {
        self.descriptor = descriptor
        address = try Self.boundAddress(descriptor)
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw SystemError("fcntl") }
        Self.sendAtOnce(descriptor)
    }

    /// Answers are sent whole; waiting for the acknowledgement of the last one would only delay them. Accepted sockets take
    /// the option over (tcp(7)), and one that refuses it works all the same.
    private static func sendAtOnce(_ descriptor: Int32) {
        try? set(TCP_NODELAY, Int32(IPPROTO_TCP), descriptor)
    }

    private static func reason(_ code: Int32) -> String {
        let reason = SystemError("bind", code: code).reason
        return code == EADDRINUSE ? "another program listens there (\(reason))" : reason
    }

    func accept() -> Accepted {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let accepted = withUnsafeMutableBytes(of: &storage) {
            linux_accept4(descriptor, $0.baseAddress!, &size, flags)
        }
        guard accepted >= 0 else {
            switch errno {
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SystemError("accept4"))
            default: return .skipped
            }
        }
        guard let address = SocketAddress(storage) else {
            Glibc.close(accepted)
            return .skipped
        }
        return .connection(Socket(descriptor: accepted), address)
    }

    func close() {
        Glibc.close(descriptor)
    }

    private static func set(_ option: Int32, _ level: Int32, _ descriptor: Int32) throws {
        var one: Int32 = 1
        guard setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw SystemError("setsockopt")
        }
    }

    private static func boundAddress(_ descriptor: Int32) throws -> SocketAddress {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutableBytes(of: &storage) {
            getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, &size)
        }
        guard status == 0 else { throw SystemError("getsockname") }
        guard let address = SocketAddress(storage) else { throw SystemError("getsockname", code: EAFNOSUPPORT) }
        return address
    }
}
