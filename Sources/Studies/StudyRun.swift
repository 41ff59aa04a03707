package import Emotion
/// A cell that was trained with one seed: a file in the directory of a study.
package struct StudyRun: Sendable, Equatable {
    /// What must be the same for a run to stand for another one.
    package struct Settings: Codable, Sendable, Equatable {
        package let study: String
        package let data: StudyData
        package let hyperparameters: Hyperparameters
    }

    /// How it ended. Both ends are kept: the same training would end the same way again.
    package enum Outcome: Sendable, Equatable {
        case finished(Result)
        case diverged(Breakdown)

        var seed: UInt64 {
            switch self {
            case .finished(let result): result.seed
            case .diverged(let breakdown): breakdown.seed
            }
        }
    }

    /// Where the loss, its gradient, the parameters or the answers were no longer finite.
    package struct Breakdown: Codable, Sendable, Equatable {
        package let seed: UInt64
        /// Counted from 1.
        package let step: Int
    }

    /// What came out.
    package struct Result: Codable, Sendable, Equatable {
        package let seed: UInt64
        /// The epoch that was kept, counted from 1.
        package let bestEpoch: Int
        package let seconds: Double
        package let validation: Metrics
        package let test: Metrics
        package let epochs: [Epoch]

        private enum CodingKeys: String, CodingKey {
            case seed, seconds, validation, test, epochs
            case bestEpoch = "best_epoch"
        }
    }

    /// How far the training was after an epoch.
    package struct Epoch: Codable, Sendable, Equatable {
        /// L_r, the mean of the steps of the epoch.
        package let loss: Double
        package let validationMicroF1: Double
        /// In studies of training curves.
        package let trainingMicroF1: Double?

        private enum CodingKeys: String, CodingKey {
            case loss
            case validationMicroF1 = "validation_micro_f1"
            case trainingMicroF1 = "training_micro_f1"
        }
    }

    package let cell: String
    package let settings: Settings
    package let outcome: Outcome
}

extension StudyRun: Codable {
    private enum CodingKeys: CodingKey {
        case cell, settings, result, diverged
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        cell = try container.decode(String.self, forKey: .cell)
        settings = try container.decode(Settings.self, forKey: .settings)
        if let breakdown = try container.decodeIfPresent(Breakdown.self, forKey: .diverged) {
            outcome = .diverged(breakdown)
        } else {
            outcome = .finished(try container.decode(Result.self, forKey: .result))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cell, forKey: .cell)
        try container.encode(settings, forKey: .settings)
        switch outcome {
        case .finished(let result): try container.encode(result, forKey: .result)
        case .diverged(let breakdown): try container.encode(breakdown, forKey: .diverged)
        }
    }
}
