import ArgumentParser
import Emotion
import Engine

extension Bench {
    /// `limbic bench predict`: calls of a model on random clips.
    struct Predict: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Measure predictions.")

        @OptionGroup var shape: BenchShape
        @OptionGroup var report: BenchReport

        @Option(help: "Numbers that matrix products multiply.")
        var precision = PredictionPrecision.float32

        func validate() throws {
            if let fault = precision.fault { throw ValidationError("--precision: \(fault)") }
        }

        func run() throws {
            try Failure.reporting {
                try shape.threads.apply()
                let (batch, steps) = (shape.batch ?? 1, shape.steps ?? 50)
                let network = Network(try shape.configuration())
                let model = Model(
                    network: network,
                    parameters: Parameters(
                        layout: network.layout, seed: shape.seed, precision: precision.products, form: precision.form))
                let clips = shape.randomClips(batch)
                let products = BenchProducts(precision.products, precision.form)
                let timings = Timings.measure(steps: steps, warmup: shape.warmup) { _ = model.probabilities(clips) }
                try report.print(
                    [("benchmark", .string("predict"))]
                        + shape.report(batch: batch, steps: steps, precision: precision.rawValue) + [
                            ("parameters", .integer(network.layout.count)),
                            ("clips_per_second", .number(Double(batch * steps) / timings.total)),
                        ] + timings.report + products.report(timings, warmup: shape.warmup) + [ProcessMemory.report]
                )
            }
        }
    }
}
