import ArgumentParser

/// `limbic dataset`: looks at data sets and makes them.
struct Dataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Inspect a data set, take clips out of it, or make one up.",
        subcommands: [Inspect.self, Take.self, Synthesize.self]
    )
}
