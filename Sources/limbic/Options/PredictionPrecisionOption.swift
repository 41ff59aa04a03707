import ArgumentParser
import Emotion

/// The precision of predictions.
struct PredictionPrecisionOption: ParsableArguments {
    @Option(help: "Numbers that products multiply (default: as in training).")
    var precision: PredictionPrecision?

    func validate() throws {
        if let fault = precision?.fault { throw ValidationError("--precision: \(fault)") }
    }
}

extension PredictionPrecision: ExpressibleByArgument {}
