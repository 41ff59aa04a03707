import Foundation

/// How many files and sockets this process may have open, and how many of them connections may use up.
struct DescriptorLimit: Equatable {
    /// More are of no use, and programs that go through all possible descriptors would take long.
    private static let most = 1 << 17
    /// For the database, logs, models that are being loaded and the event queues.
    private static let base = 128
    /// For the streams of a worker and what it takes to start one.
    private static let perSlot = 16

    let count: Int

    /// Raises the soft limit of the process as far as it may.
    static func raise() -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorLimit(count: 1024)
        }
        let wanted = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(most)))
        if wanted > limit.rlim_cur {
            var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return DescriptorLimit(count: Int(min(limit.rlim_cur, rlim_t(most))))
    }

    /// Connections that may be open at a time. Each may have a file open as well, that it sends or that is being uploaded.
    func connections(slots: Int) -> Int {
        let reserve = Self.base + Self.perSlot * slots
        // A process that may have next to nothing open still has to answer somebody.
        return max((count - reserve) / 2, count / 8, 1)
    }
}
