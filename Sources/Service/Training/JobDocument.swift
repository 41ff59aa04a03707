import Emotion
import Foundation
import Jobs
import JSON

/// What was asked of a job, with everything resolved; the document of its record.
struct JobDocument: Codable, Sendable, Equatable {
    var recipe: String
    var seed: UInt64
    var hyperparameters: Hyperparameters
    var earlyStopping: Training.EarlyStopping?
    var checkpoint: Checkpoint?

    /// How often the state of a training is to be kept. Kept with the job; a job that is interrupted starts over.
    struct Checkpoint: Codable, Sendable, Equatable {
        var everySteps: Int
        /// How many of the latest are to be kept.
        var keep: Int

        private enum CodingKeys: String, CodingKey {
            case everySteps = "every_steps"
            case keep
        }
    }

    private enum CodingKeys: String, CodingKey {
        case recipe, seed, hyperparameters, checkpoint
        case earlyStopping = "early_stopping"
    }
}

extension JobRecord {
    var specification: JobDocument {
        get throws { try JSONReader.decode(JobDocument.self, from: document) }
    }
}
