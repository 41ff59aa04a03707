import Foundation

/// What the process takes of the machine, by the names that Prometheus' own libraries use.
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        guard let fields = statistics() else { return }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        text.family("process_cpu_seconds_total", .counter, "Processor time in user mode and in the system.")
        text.sample("process_cpu_seconds_total", (number(fields, 14) + number(fields, 15)) / ticks)
        text.family("process_resident_memory_bytes", .gauge, "Memory in use, files that are mapped included.")
        text.sample("process_resident_memory_bytes", number(fields, 24) * Double(sysconf(Int32(_SC_PAGESIZE))))
        text.family("process_virtual_memory_bytes", .gauge, "Address space in use.")
        text.sample("process_virtual_memory_bytes", number(fields, 23))
        text.family("process_threads", .gauge, "Threads.")
        text.sample("process_threads", number(fields, 20))
        if let start = start(fields, ticks: ticks) {
            text.family("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.")
            text.sample("process_start_time_seconds", start)
        }
        if let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            text.family("process_open_fds", .gauge, "Files and sockets that are open.")
            text.sample("process_open_fds", descriptors.count)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            text.family("process_max_fds", .gauge, "How many may be open.")
            text.sample("process_max_fds", Double(limit.rlim_cur))
        }
    }

    /// The fields of `/proc/self/stat` from the third on (proc_pid_stat(5)): the second is a name that may hold blanks.
    private static func statistics() -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// - Parameter index: as the manual counts, from 1.
    private static func number(_ fields: [Substring], _ index: Int) -> Double {
        fields.indices.contains(index - 3) ? Double(fields[index - 3]) ?? 0 : 0
    }

    private static func start(_ fields: [Substring], ticks: Double) -> Double? {
        let lines = try? String(contentsOfFile: "/proc/stat", encoding: .utf8).split(separator: "\n")
        guard let boot = lines?.first(where: { $0.hasPrefix("btime ") }).flatMap({ Double($0.dropFirst(6)) }) else {
            return nil
        }
        return boot + number(fields, 22) / ticks
    }
}
