import Foundation
package import Platform

/// The memory of the machine, as far as this process may have it.
package enum Memory {
    /// Needs below this are not looked into: asking the system takes some 50 µs.
    private static let smallest = 64 << 20

    /// Checks that memory can be had before a computation begins to take it.
    ///
    /// - Parameters:
    ///   - bytes: what the computation takes beside what is in use.
    ///   - purpose: what it is for, as the subject of a sentence: `the training`.
    /// - Throws: ``MemoryError`` where there is less.
    package static func require(_ bytes: Int, for purpose: String) throws(MemoryError) {
        if let shortage = shortage(bytes, for: purpose) { throw shortage }
    }

    /// The same, nil where the memory can be had.
    package static func shortage(_ bytes: Int, for purpose: String) -> MemoryError? {
        guard bytes >= smallest else { return nil }
        let available = available
        return bytes <= available ? nil : MemoryError(purpose: purpose, needed: bytes, available: available)
    }

    /// The bytes that this process can still take: what the system has, within the limits of the process (`ulimit -v`,
    /// `ulimit -d`) and of its control groups; buffers that the engine keeps for reuse count as free.
    package static var available: Int {
        let limits = [systemLimit, addressSpaceLimit, dataLimit, controlGroupLimit].compactMap(\.self)
        let reusable = StoragePool.shared.freeBytes
        return max(0, limits.min().map { $0 + reusable } ?? .max)
    }

    /// Has this process take no more than `bytes` of memory that it writes to, for good; files that are mapped to be read do
    /// not count. Reserved memory counts before it is touched, such as the stacks of threads.
    ///
    /// - Throws: `SystemError`
    package static func limit(to bytes: Int) throws(SystemError) {
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
        guard setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0 else { throw SystemError("setrlimit") }
    }

    /// What the system could give without pushing out programs.
    private static var systemLimit: Int? {
        let fields = fields(ofFile: "/proc/meminfo")
        return fields["MemAvailable:"].map { ($0 + (fields["SwapFree:"] ?? 0)) << 10 }
    }

    private static var addressSpaceLimit: Int? { room(RLIMIT_AS, used: "VmSize:") }

    private static var dataLimit: Int? { room(RLIMIT_DATA, used: "VmData:") }

    /// What a limit of this process leaves; nil where there is none.
    ///
    /// - Parameter used: the line of `/proc/self/status` with what counts against it.
    private static func room(_ resource: __rlimit_resource, used: Substring) -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, let most = Int(exactly: limit.rlim_cur),
            let used = fields(ofFile: "/proc/self/status")[used]
        else { return nil }
        return max(0, most - used << 10)
    }

    /// The tightest of the process's control groups (cgroup v2).
    private static var controlGroupLimit: Int? {
        guard
            let line = text(ofFile: "/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var names = line.dropFirst(4).split(separator: "/")
        var limits: [Int] = []
        while true {
            let folder = "/sys/fs/cgroup/" + names.map { $0 + "/" }.joined()
            if let most = number(inFile: folder + "memory.max"), let used = number(inFile: folder + "memory.current") {
                // The system drops cached files when memory is short.
                let cached = fields(ofFile: folder + "memory.stat")["inactive_file"] ?? 0
                limits.append(max(0, most - used + cached))
            }
            guard names.popLast() != nil else { return limits.min() }
        }
    }

    /// The numbers of a file of lines that are a name and a number.
    private static func fields(ofFile path: String) -> [Substring: Int] {
        var fields: [Substring: Int] = [:]
        for line in text(ofFile: path)?.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            if words.count >= 2, let number = Int(words[1]) { fields[words[0]] = number }
        }
        return fields
    }

    private static func number(inFile path: String) -> Int? {
        text(ofFile: path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(ofFile path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// Ends the process when memory that was not checked for cannot be had: with a line on standard error and `EX_OSERR` of
    /// `sysexits.h`.
    static func exhausted(_ bytes: Int) -> Never {
        let line = "limbic: out of memory: \(MemoryError.describe(bytes)) more are needed\n"
        _ = line.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        _exit(EX_OSERR)
    }
}
