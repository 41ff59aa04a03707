import Foundation

/// How a child process ended.
enum WorkerExit: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// Whether it ended because somebody, who was not this server, asked it to: a batch system that takes a machine back,
    /// or a machine that is going down. A worker that stops at the next step exits with `EX_TEMPFAIL` of `sysexits.h`; one
    /// that had not begun yet, or a launcher in front of it, dies of the signal or exits with 128 and its number.
    var isRequested: Bool {
        let polite = [SIGTERM, SIGINT, SIGHUP]
        return switch self {
        case .exited(let status): status == 75 || polite.contains(status - 128)
        case .signalled(let number): polite.contains(number)
        }
    }

    /// Whether the same task would end the same way: a worker exits with `EX_USAGE` or `EX_DATAERR` of `sysexits.h` when the
    /// task or its data are what is wrong.
    var isFinal: Bool { self == .exited(64) || self == .exited(65) }

    /// In words, as the error of an attempt says it.
    var description: String {
        switch self {
        case .exited(let status):
            return "the worker exited with status \(status)"
        case .signalled(let number):
            let name = Self.names[number].map { " (\($0))" } ?? ""
            return "the worker was killed by signal \(number)\(name)"
        }
    }

    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV",
        SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
    ]
}
