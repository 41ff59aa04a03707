package import Emotion
import Foundation

/// What a worker is told to do: the one line on its standard input.
package struct TrainingTask: Codable, Sendable, Equatable {
    /// A split on the disk.
    package struct SplitFile: Codable, Sendable, Equatable {
        /// Absolute.
        package var path: String
        /// Of the file as it was uploaded, `sha256:…`.
        package var digest: String
        /// Of the clips in a packed file; nil where the file is the one that was uploaded.
        package var contentDigest: String?

        private enum CodingKeys: String, CodingKey {
            case path, digest
            case contentDigest = "content_digest"
        }
    }

    /// The build of the program that wrote the task, nil when it is not known. A worker of another build may read a task, and
    /// write a model, in another way.
    package var build: String?
    /// The files of the splits; `train` and `valid` are there.
    package var splits: [String: SplitFile]
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
        build: String?,
        splits: [DatasetDirectory.Split: SplitFile],
        labels: [String],
        modalities: [Modality],
        hyperparameters: Hyperparameters,
        seed: UInt64,
        earlyStopping: Training.EarlyStopping? = nil,
        output: String,
        threads: Int
    ) {
        self.build = build
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
        case build, splits, labels, modalities, hyperparameters, seed, output, threads
        case earlyStopping = "early_stopping"
    }

    func file(of split: DatasetDirectory.Split) -> SplitFile? { splits[split.rawValue] }

    /// The task as a line, without the line feed.
    func line() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
