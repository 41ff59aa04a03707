import ArgumentParser
import Foundation
import JSON
import Service

/// How many workers there are, how they are started and what they may take.
struct WorkerOptions: ParsableArguments {
    @Option(help: Settings.slots.help)
    var slots: Int?
    @Option(help: Settings.trainingThreads.help)
    var trainingThreads: Int?
    @Option(help: Settings.launcher.help)
    var launcher: String?
    @Option(help: Settings.workerNiceness.help)
    var workerNiceness: Int?
    @Option(help: Settings.workerMemory.help)
    var workerMemory: Int?
    @Option(help: Settings.stallSeconds.help)
    var stallSeconds: Int?

    /// Less would be gone before a training begins.
    private static let leastMemory = 256 << 20

    func apply(to configuration: inout ServiceConfiguration) throws {
        configuration.slots = try Settings.slots.value(slots, atLeast: 1)
        if let threads = try Settings.trainingThreads.optionalValue(trainingThreads, in: 1...1024) {
            configuration.trainingThreads = threads
        }
        configuration.launcher = try launcherWords()
        if let niceness = try Settings.workerNiceness.optionalValue(workerNiceness, in: 0...19) {
            configuration.workerNiceness = niceness
        }
        configuration.workerMemory = try Settings.workerMemory.optionalValue(
            workerMemory, in: Self.leastMemory...(1 << 50))
        // A worker gives a sign every five seconds, which may be held up for a while.
        configuration.stallLimit = .seconds(try Settings.stallSeconds.value(stallSeconds, atLeast: 15))
    }

    private func launcherWords() throws -> [String] {
        guard let text = try Settings.launcher.optionalValue(launcher) else { return [] }
        guard text.hasPrefix("[") else { return text.split(whereSeparator: \.isWhitespace).map(String.init) }
        guard let words = try? JSONReader.decode([String].self, from: Data(text.utf8)), words.first != "" else {
            throw Settings.launcher.error(launcher, #"is not an array of strings such as ["srun", "--comment=a b"]"#)
        }
        return words
    }
}

extension Settings {
    static let slots = Setting("LIMBIC_SLOTS", default: 1, "Jobs that run at a time")
    static let trainingThreads = Setting<Int>(
        "LIMBIC_TRAINING_THREADS",
        otherwise: "that of --threads",
        "Threads of the engine in each worker"
    )
    static let launcher = Setting<String>(
        "LIMBIC_LAUNCHER",
        otherwise: "none",
        "Words in front of the command line of a worker, separated by blanks, such as 'srun --ntasks=1', or as a JSON array "
            + "of strings where a word holds a blank; no shell sees them"
    )
    static let workerNiceness = Setting(
        "LIMBIC_WORKER_NICENESS",
        default: 10,
        "How much workers yield to other processes, from 0 to 19, as of nice(1)"
    )
    static let workerMemory = Setting<Int>(
        "LIMBIC_WORKER_MEMORY",
        otherwise: "what the machine has",
        "Most memory of a worker, in bytes, beside the files of the data set; a training that needs more is refused before "
            + "it begins"
    )
    static let stallSeconds = Setting(
        "LIMBIC_STALL_SECONDS",
        default: 60,
        "Seconds for which a worker may give no sign of life before it is ended and its job tried again"
    )
}
