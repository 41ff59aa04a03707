import Foundation
import TestSupport

@testable import Emotion
@testable import Studies

extension StudyData {
    static func make(name: String = "clips", fingerprint: String = "0123456789abcdef") -> StudyData {
        StudyData(
            name: name, labels: ["a", "b", "c"], modalities: ModelConfiguration.make().modalities,
            train: 8, validation: 4, test: 4, fingerprint: fingerprint)
    }
}

extension Metrics {
    /// Metrics of which only those of the paper are known.
    static func make(microF1: Double, accuracy: Double = 0.5, hammingLoss: Double = 0.25) throws -> Metrics {
        let text = """
            {"accuracy": \(accuracy), "hamming_loss": \(hammingLoss), "micro_f1": \(microF1), "macro_f1": 0.125,
             "micro_precision": 0, "micro_recall": 0, "per_label_f1": [], "per_label_auroc": [],
             "per_label_average_precision": [], "per_label_expected_calibration_error": []}
            """
        return try JSONDecoder().decode(Metrics.self, from: Data(text.utf8))
    }
}

extension StudyRun.Result {
    static func make(seed: UInt64, microF1: Double, epochs: Int) throws -> StudyRun.Result {
        StudyRun.Result(
            seed: seed,
            bestEpoch: 1,
            seconds: 1,
            validation: try .make(microF1: microF1),
            test: try .make(microF1: microF1),
            epochs: (1...epochs).map {
                .init(loss: 1 / Double($0), validationMicroF1: microF1, trainingMicroF1: microF1)
            }
        )
    }
}

extension StudyRun.Outcome {
    /// - Parameter microF1: nil for a run that diverged, at step 7.
    static func make(seed: UInt64, microF1: Double? = 0.5, epochs: Int = 2) throws -> StudyRun.Outcome {
        guard let microF1 else { return .diverged(.init(seed: seed, step: 7)) }
        return .finished(try .make(seed: seed, microF1: microF1, epochs: epochs))
    }
}

extension Study {
    static func make(_ text: String = Study.pair) throws -> Study {
        try Study(cells: Data(text.utf8), base: ModelConfiguration.make().hyperparameters)
    }

    static let pair = """
        [{"name": "full", "hyperparameters": {}},
         {"name": "no masks | at all", "hyperparameters": {"atm": "off", "app_modules": ["decoder"]}}]
        """
}
