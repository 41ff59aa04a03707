import ArgumentParser
import Emotion
import Engine

extension Bench {
    /// `limbic bench train`: optimizer steps on random clips.
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Measure optimizer steps.")

        @OptionGroup var shape: BenchShape
        @OptionGroup var report: BenchReport
        @OptionGroup var precision: BenchPrecision

        func run() throws {
            try Failure.reporting {
                try shape.threads.apply()
                let precision = precision.precision
                let (batch, steps) = (shape.batch ?? 16, shape.steps ?? 5)
                let network = Network(try shape.configuration())
                let hyperparameters = network.configuration.hyperparameters
                let schedule = LearningRateSchedule(
                    peak: hyperparameters.learningRate,
                    warmupSteps: hyperparameters.warmupSteps,
                    totalSteps: steps + shape.warmup,
                    annealing: hyperparameters.schedule
                )
                let parameters = Parameters(
                    layout: network.layout, seed: shape.seed, precision: precision)
                let step = TrainingStep(network: network, parameters: parameters, schedule: schedule, seed: shape.seed)
                let clips = shape.randomClips(batch)
                var loss: Float = 0
                let products = BenchProducts(precision, .plain)
                let timings = Timings.measure(steps: steps, warmup: shape.warmup) {
                    loss = step(clips).losses.recognition
                }
                try report.print(
                    [("benchmark", .string("train"))]
                        + shape.report(batch: batch, steps: steps, precision: precision.rawValue) + [
                            ("dropout", .float(hyperparameters.dropout)),
                            ("parameters", .integer(network.layout.count)),
                            ("clips_per_second", .number(Double(batch * steps) / timings.total)),
                            ("steps_per_second", .number(Double(steps) / timings.total)),
                        ] + timings.report + products.report(timings, warmup: shape.warmup)
                        + [ProcessMemory.report, ("loss", .float(loss))]
                )
            }
        }
    }
}
