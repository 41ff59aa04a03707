package import Emotion
import Foundation

/// What a worker is told to do: the one line on its standard input.
package struct TrainingTask: Codable, Sendable, Equatable {
    /// The files of the splits, by absolute path; `train` and `valid` are there.
    package var splits: [String: String]
    package var labels: [String]
    package var modalities: [Modality]
    package var hyperparameters: Hyperparameters
    package var seed: UInt64
    package var earlyStopping: Training.EarlyStopping?
    /// Absolute path of the model directory to write. It does not exist yet.
    package var output: String
    /// Threads of the engine.
    package var threads: Int

    package init(
        splits: [DatasetDirectory.Split: String],
        labels: [String],
        modalities: [Modality],
        hyperparameters: Hyperparameters,
        seed: UInt64,
        earlyStopping: Training.EarlyStopping? = nil,
        output: String,
        threads: Int
    ) {
        self.splits = Dictionary(uniqueKeysWithValues: splits.map { ($0.key.rawValue, $0.value) })
        self.labels = labels
        self.modalities = modalities
        self.hyperparameters = hyperparameters
        self.seed = seed
        self.earlyStopping = earlyStopping
        self.output = output
        self.threads = threads
    }

    private enum CodingKeys: String, CodingKey {
        case splits, labels, modalities, hyperparameters, seed, output, threads
        case earlyStopping = "early_stopping"
    }

    func path(of split: DatasetDirectory.Split) -> String? { splits[split.rawValue] }

    /// The task as a line, without the line feed.
    func line() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
