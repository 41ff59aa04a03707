import ArgumentParser
import Emotion
import Engine

/// The shapes and repetitions of a measurement. The defaults are the paper's size.
struct BenchShape: ParsableArguments {
    /// `300,35,74`
    struct Features: ExpressibleByArgument {
        var sizes: [Int]

        init(sizes: [Int]) { self.sizes = sizes }

        init?(argument: String) {
            let sizes = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard sizes.allSatisfy({ $0.map((1...1_000_000).contains) ?? false }) else { return nil }
            self.sizes = sizes.compactMap { $0 }
        }

        var defaultValueDescription: String { sizes.map(String.init).joined(separator: ",") }
    }

    @Option(help: "Clips computed together (default: 16, for predict and json 1).")
    var batch: Int?

    @Option(help: "Units of every modality of a clip.")
    var units = 60

    @Option(help: "Width d of all representations; a multiple of --heads.")
    var dModel = 512

    @Option(help: "Attention heads.")
    var heads = 8

    @Option(help: "Inner width of the feed-forward layers.")
    var feedForward = 1024

    @Option(help: "Blocks of each uni-modal encoder and of the multi-modal one.")
    var blocks = 4

    @Option(help: "Number of labels.")
    var labels = 6

    @Option(help: "Features of a unit, one number per modality.")
    var features = Features(sizes: [300, 35, 74])

    @Option(help: "Repetitions that are measured (default: train 5, predict 50, gemm 20, json 200).")
    var steps: Int?

    @Option(help: "Repetitions before that.")
    var warmup = 1

    @OptionGroup var threads: ThreadsOption

    @Option(help: "Seed of the random inputs and parameters.")
    var seed: UInt64 = 0

    func validate() throws {
        let checks: [(String, Int?, ClosedRange<Int>)] = [
            ("--batch", batch, 1...65_536), ("--units", units, 1...65_536), ("--labels", labels, 1...1000),
            ("--steps", steps, 1...1_000_000), ("--warmup", warmup, 0...1_000_000),
        ]
        for (name, value, range) in checks {
            if let value, !range.contains(value) {
                throw ValidationError(
                    "\(name) \(value) is not a number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
        }
    }

    var modalities: [Modality] {
        features.sizes.enumerated().map { Modality(name: "modality_\($0)", featureSize: $1) }
    }

    /// - Throws: `HyperparameterErrors` when a shape is out of range.
    func configuration() throws -> ModelConfiguration {
        let hyperparameters = try Hyperparameters().setting([
            "d_model": .number(Double(dModel)), "heads": .number(Double(heads)),
            "feed_forward": .number(Double(feedForward)), "unimodal_blocks": .number(Double(blocks)),
            "multimodal_blocks": .number(Double(blocks)),
        ])
        return ModelConfiguration(
            labels: (0..<labels).map { "label_\($0)" },
            modalities: modalities,
            hyperparameters: hyperparameters
        )
    }

    /// Labelled clips of random features.
    func randomClips(_ count: Int) -> Clips {
        var generator = CounterGenerator(seed)
        let sequences = modalities.map { modality in
            let values = (0..<count * units * modality.featureSize).map { _ in Float(generator.uniform() * 2 - 1) }
            return (
                modality.name,
                Sequences(
                    featureSize: modality.featureSize,
                    lengths: Array(repeating: units, count: count),
                    values: values
                )
            )
        }
        return Clips(
            count: count,
            modalities: Dictionary(uniqueKeysWithValues: sequences),
            labels: (0..<count * labels).map { _ in generator.uniform() < 0.3 ? 1 : 0 },
            labelCount: labels
        )
    }

    /// The members of a report that say what was measured.
    func report(batch: Int, steps: Int, precision: String) -> [(String, JSONText)] {
        [
            ("batch", .integer(batch)), ("units", .integer(units)), ("d_model", .integer(dModel)),
            ("heads", .integer(heads)), ("feed_forward", .integer(feedForward)), ("blocks", .integer(blocks)),
            ("labels", .integer(labels)), ("features", .array(features.sizes.map(JSONText.integer))),
            ("precision", .string(precision)), ("threads", .integer(Parallel.threads)),
            ("steps", .integer(steps)), ("warmup", .integer(warmup)),
        ]
    }
}

/// The precision of products with weights that are trained.
struct BenchPrecision: ParsableArguments {
    @Option(help: "Numbers that matrix products multiply.")
    var precision = Precision.float32

    func validate() throws {
        guard GEMMBackend.has(precision) else {
            throw ValidationError("--precision: this machine has no products in \(precision.rawValue)")
        }
    }
}

extension Precision: ExpressibleByArgument {}
