import ArgumentParser

/// Trains and serves multi-modal multi-label emotion recognition.
@main
struct Limbic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limbic",
        abstract: "Trains and serves multi-modal multi-label emotion recognition.",
        subcommands: [
            Serve.self,
            Backup.self,
            Keys.self,
            Worker.self,
            Train.self,
            Evaluate.self,
            Ablate.self,
            Predict.self,
            Dataset.self,
            Models.self,
            Bench.self,
        ]
    )
}
