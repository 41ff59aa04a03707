import ArgumentParser
import Emotion

/// From which probability a label counts as predicted: `tuned` or a number.
enum ThresholdChoice: ExpressibleByArgument {
    /// Per label the threshold of best F1 on the validation split of the training.
    case tuned
    case fixed(Float)

    init?(argument: String) {
        if argument == "tuned" {
            self = .tuned
        } else if let value = Float(argument), (0...1).contains(value) {
            self = .fixed(value)
        } else {
            return nil
        }
    }

    /// One threshold per label of a model, whose own one holds where nothing was chosen.
    ///
    /// - Throws: ``Failure`` when tuned thresholds are asked for and the model has none.
    static func thresholds(_ choice: ThresholdChoice?, of configuration: ModelConfiguration) throws -> [Float] {
        let count = configuration.labels.count
        switch choice {
        case nil: return Array(repeating: configuration.hyperparameters.threshold, count: count)
        case .fixed(let value): return Array(repeating: value, count: count)
        case .tuned:
            guard let tuned = configuration.training?.tunedThresholds, tuned.count == count else {
                throw Failure(.usage, "--threshold tuned: the model has no tuned thresholds")
            }
            return tuned
        }
    }
}
