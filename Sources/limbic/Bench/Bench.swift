import ArgumentParser
import Foundation

/// `limbic bench`: measures what the program does most of its time.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure training, prediction, matrix products, JSON decoding, the HTTP server or the job service.",
        discussion: "The default shapes are the paper's. --json prints one JSON object.",
        subcommands: [Train.self, Predict.self, GEMM.self, JSON.self, HTTP.self, Jobs.self]
    )

    /// Runs clients on a thread of their own: they block.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async -> Result<
        Value, any Error
    > {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Result { try body() }) }
        }
    }
}
