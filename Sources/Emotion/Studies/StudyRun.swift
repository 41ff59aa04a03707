/// A cell that was trained with one seed: a file in the directory of a study.
package struct StudyRun: Codable, Sendable, Equatable {
    /// What must be the same for a run to stand for another one.
    package struct Settings: Codable, Sendable, Equatable {
        package let study: String
        package let data: StudyData
        package let hyperparameters: Hyperparameters
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
    package let result: Result
}
