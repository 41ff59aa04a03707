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

    /// The thresholds of a model, its own where nothing was chosen.
    ///
    /// - Throws: ``Failure`` when tuned thresholds are asked for and the model has none.
    static func thresholds(_ choice: ThresholdChoice?, of model: Model) throws -> Thresholds {
        switch choice {
        case nil: return model.ownThresholds
        case .fixed(let value): return .fixed(value, labels: model.configuration.labels.count)
        case .tuned:
            guard let thresholds = model.configuration.training?.thresholds else {
                throw Failure(.usage, "--threshold tuned: the model has no tuned thresholds")
            }
            return thresholds
        }
    }
}
