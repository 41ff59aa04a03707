/// How a child process is started: the words in front of its command line, such as `srun --ntasks=1`.
package struct Launcher: Sendable, Equatable {
    /// Never seen by a shell; empty starts the command itself.
    package var prefix: [String]
    /// How much the child, and what it starts on this machine, yields to other processes, from 0 to 19 (`nice(1)`).
    /// Predictions are made by the server and go first.
    package var niceness: Int

    package init(prefix: [String] = [], niceness: Int = 10) {
        precondition((0...19).contains(niceness), "a niceness is 0 to 19")
        self.prefix = prefix
        self.niceness = niceness
    }

    /// The whole command line for `command`.
    func commandLine(_ command: [String]) -> [String] {
        (niceness == 0 ? [] : ["nice", "-n", String(niceness)]) + prefix + command
    }
}
