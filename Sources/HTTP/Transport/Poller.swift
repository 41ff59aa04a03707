import CLinux
import Glibc
import Platform

/// The sockets of an event queue, watched through an epoll descriptor (epoll(7)).
///
/// Connections are registered edge-triggered: a queue is told when bytes, room or an end *come*, and whoever is told remembers
/// that until a call says that there is no more. So an exchange needs no call to switch anything on or off, but for the first
/// time that a connection has to wait for room.
///
/// `@unchecked Sendable`: `news` is touched by the queue only.
final class Poller: @unchecked Sendable {
    /// What has come to a socket, or is to be told of.
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

        fileprivate static let edge = Readiness(rawValue: EPOLLET.rawValue)
        fileprivate static let exclusive = Readiness(rawValue: EPOLLEXCLUSIVE.rawValue)
    }

    /// What a socket is known by.
    typealias Token = UInt64

    static let bellToken: Token = 0

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
        guard bell >= 0 else {
            let error = SystemError("eventfd")
            close(descriptor)
            throw error
        }
        do {
            try control(EPOLL_CTL_ADD, bell, Self.bellToken, [.input, .edge])
        } catch {
            close(bell)
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(bell)
        close(descriptor)
        news.deallocate()
    }

    /// Watches a connection's socket. Throws ``SystemError``.
    ///
    /// It need not be taken off before it is closed; but a child that is being started may hold it for a moment more, in
    /// which there may be news of its token.
    ///
    /// - Parameter room: whether to tell of room, which is there from the beginning, and most connections never wait for it.
    func watch(_ socket: Int32, as token: Token, room: Bool) throws(SystemError) {
        try control(
            EPOLL_CTL_ADD, socket, token, room ? [.input, .inputEnd, .edge, .room] : [.input, .inputEnd, .edge])
    }

    /// From now on tells of room as well, at once if there is some. Throws ``SystemError``.
    func watchRoom(_ socket: Int32, as token: Token) throws(SystemError) {
        try control(EPOLL_CTL_MOD, socket, token, [.input, .inputEnd, .edge, .room])
    }

    /// Watches a listening socket together with other pollers: of those that wait, one is told of a connection. Throws
    /// ``SystemError``.
    func watchListener(_ socket: Int32, as token: Token) throws(SystemError) {
        try control(EPOLL_CTL_ADD, socket, token, [.input, .exclusive])
    }

    func unwatch(_ socket: Int32) {
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
    }

    private func control(_ operation: Int32, _ socket: Int32, _ token: Token, _ what: Readiness) throws(SystemError) {
        var event = epoll_event(events: what.rawValue, data: epoll_data_t(u64: token))
        guard epoll_ctl(descriptor, operation, socket, &event) == 0 else { throw SystemError("epoll_ctl") }
    }

    /// Ends the wait under way, or the next one; from any thread.
    func ring() {
        eventfd_write(bell, 1)
    }

    /// Waits until there are news, for so many milliseconds at most. They are valid until the next call.
    func wait(_ milliseconds: Int32) -> News {
        let count = epoll_wait(descriptor, news.baseAddress, Int32(news.count), milliseconds)
        return News(events: UnsafeBufferPointer(rebasing: news[..<max(0, Int(count))]))
    }

    /// What a wait has found.
    struct News: Sequence, IteratorProtocol {
        fileprivate let events: UnsafeBufferPointer<epoll_event>
        private var position = 0

        fileprivate init(events: UnsafeBufferPointer<epoll_event>) { self.events = events }

        var isEmpty: Bool { events.isEmpty }

        mutating func next() -> (token: Token, readiness: Readiness)? {
            guard position < events.count else { return nil }
            defer { position += 1 }
            return (events[position].data.u64, Readiness(rawValue: events[position].events))
        }
    }
}
