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

    private enum CodingKeys: String, CodingKey {
        case recipe, seed, hyperparameters
        case earlyStopping = "early_stopping"
    }
}

extension JobRecord {
    var specification: JobDocument {
        get throws { try JSONReader.decode(JobDocument.self, from: document) }
    }
}
