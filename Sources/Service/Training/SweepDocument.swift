import Emotion
import Jobs
import JSON

/// What was asked of a sweep, with everything resolved; the document of its record.
struct SweepDocument: Codable, Sendable, Equatable {
    struct Cell: Codable, Sendable, Equatable {
        var name: String
        /// What a reader of the results should know about it.
        var comment: String?
        /// What sets it apart from the others.
        var hyperparameters: [String: HyperparameterValue]
    }

    var dataset: String
    var model: String
    var recipe: String
    /// The name of the paper's study; nil for cells of a user's own.
    var study: String?
    /// What every cell starts from.
    var hyperparameters: Hyperparameters
    var seeds: [UInt64]
    /// Whether versions of the model are made.
    var keepsModels: Bool
    /// In their order; the first is what the others are compared with.
    var cells: [Cell]

    private enum CodingKeys: String, CodingKey {
        case dataset, model, recipe, study, hyperparameters, seeds, cells
        case keepsModels = "keep_models"
    }
}

extension SweepRecord {
    var specification: SweepDocument {
        get throws { try JSONReader.decode(SweepDocument.self, from: document) }
    }
}
