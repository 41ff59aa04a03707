import Foundation

/// How a child process ended.
enum WorkerExit: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)

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
