import CLinux
import Glibc
import Platform

/// The sockets of an event queue, watched through an epoll descriptor (epoll(7)).
///
/// Each is registered once and edge-triggered: it is told when bytes, room or an end *come*, and whoever is told remembers
/// that until a call says that there is no more. So an exchange needs no call to switch anything on or off.
///
/// `@unchecked Sendable`: `news` is touched by the queue only.
final class Poller: @unchecked Sendable {
    /// What has come to a socket.
    struct Readiness: OptionSet {
        let rawValue: UInt32

        /// Bytes, or the end of what the peer sends.
        static let input = Readiness(rawValue: EPOLLIN.rawValue)
        /// Room for bytes to be sent.
        static let room = Readiness(rawValue: EPOLLOUT.rawValue)
        /// The peer will send no more.
        static let inputEnd = Readiness(rawValue: EPOLLRDHUP.rawValue)
        /// Both directions are closed.
        static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
        /// The connection was reset.
        static let failure = Readiness(rawValue: EPOLLERR.rawValue)

        fileprivate static let all: Readiness = [.input, .room, .inputEnd, Readiness(rawValue: EPOLLET.rawValue)]
    }

    /// Taken from the kernel at a time.
    private static let batch = 256

    /// Becomes readable when a socket has news.
    let descriptor: Int32
    /// Written to by other threads to end a wait.
    private let bell: Int32
    private let news = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: batch)

    /// Throws ``SystemError``.
    init() throws {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("epoll_create1") }
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        var event = epoll_event(events: EPOLLIN.rawValue | EPOLLET.rawValue, data: epoll_data_t(ptr: nil))
        guard bell >= 0, epoll_ctl(descriptor, EPOLL_CTL_ADD, bell, &event) == 0 else {
            let error = SystemError(bell < 0 ? "eventfd" : "epoll_ctl")
            if bell >= 0 { close(bell) }
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(bell)
        close(descriptor)
        news.deallocate()
    }

    /// Watches a socket for `connection`, which must be taken off before it or the socket ends. Throws ``SystemError``.
    func add(_ socket: Int32, for connection: Connection) throws(SystemError) {
        let reference = Unmanaged.passUnretained(connection).toOpaque()
        var event = epoll_event(events: Readiness.all.rawValue, data: epoll_data_t(ptr: reference))
        guard epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0 else { throw SystemError("epoll_ctl") }
    }

    /// Closing alone would not do: a child that is being started may hold the socket for a moment more.
    func remove(_ socket: Int32) {
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
    }

    /// Ends the wait under way, or the next one; from any thread.
    func ring() {
        eventfd_write(bell, 1)
    }

    /// Waits until there are news, for so many milliseconds at most, and calls `body` with each. `body` may take off the
    /// connection that it is called with, and no other.
    ///
    /// - Returns: whether there were any.
    func wait(_ milliseconds: Int32, _ body: (Connection, Readiness) -> Void) -> Bool {
        let count = Int(epoll_wait(descriptor, news.baseAddress, Int32(news.count), milliseconds))
        guard count > 0 else { return false }
        for event in news[..<count] {
            if let reference = event.data.ptr {
                let connection = Unmanaged<Connection>.fromOpaque(reference).takeUnretainedValue()
                body(connection, Readiness(rawValue: event.events))
            }
        }
        return true
    }
}
