import ArgumentParser
import Service

/// Does one training for the server, over standard streams.
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does one training for the server, over standard streams.",
        shouldDisplay: false
    )

    func run() throws {
        throw ExitCode(WorkerProgram.run())
    }
}
