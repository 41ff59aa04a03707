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
    /// Whether a version of the model is made of what the training comes to; nil as true.
    var keepsModel: Bool?
    /// The name of its cell in a sweep.
    var cell: String?

    /// How often a checkpoint is written, and how many stay.
    struct Checkpoint: Codable, Sendable, Equatable {
        /// nil for none by the number of steps.
        var everySteps: Int?
        var everySeconds: Double
        var keep: Int

        private enum CodingKeys: String, CodingKey {
            case keep
            case everySteps = "every_steps"
            case everySeconds = "every_seconds"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case recipe, seed, hyperparameters, checkpoint, cell
        case earlyStopping = "early_stopping"
        case keepsModel = "keep_model"
    }
}

extension JobRecord {
    var specification: JobDocument {
        get throws { try JSONReader.decode(JobDocument.self, from: document) }
    }
}
