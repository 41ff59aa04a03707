import ArgumentParser
import Engine

/// How many threads compute.
struct ThreadsOption: ParsableArguments {
    @Option(help: Settings.threads.help)
    var threads: Int?

    /// - Throws: `ValidationError` when the number is not from 1 to 1024.
    func value() throws -> Int {
        let threads = try Settings.threads.value(threads)
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads \(threads) is not a number from 1 to 1024")
        }
        return threads
    }

    func validate() throws { _ = try value() }

    /// Makes the backend of matrix products ready and sets the number of threads, for a command that computes.
    func apply() throws {
        Parallel.threads = try value()
        try GEMMBackend.load()
    }
}
