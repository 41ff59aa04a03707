import ArgumentParser

/// `limbic bench`: measures what the program does most of its time.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure training, prediction, matrix products, JSON decoding or the HTTP server.",
        discussion: "The default shapes are the paper's. --json prints one JSON object.",
        subcommands: [Train.self, Predict.self, GEMM.self, JSON.self, HTTP.self]
    )
}
