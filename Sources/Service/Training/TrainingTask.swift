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

    /// Where and how often to save the state of the training.
    package struct Checkpoints: Codable, Sendable, Equatable {
        /// Absolute path of a directory that exists. Files in it are the server's to remove.
        package var directory: String
        /// nil for no checkpoints by the number of steps.
        package var everySteps: Int?
        package var everySeconds: Double

        package init(directory: String, everySteps: Int? = nil, everySeconds: Double) {
            self.directory = directory
            self.everySteps = everySteps
            self.everySeconds = everySeconds
        }

        private enum CodingKeys: String, CodingKey {
            case directory
            case everySteps = "every_steps"
            case everySeconds = "every_seconds"
        }
    }

    /// A checkpoint of an earlier attempt.
    package struct CheckpointFile: Codable, Sendable, Equatable {
        /// Absolute.
        package var path: String
        /// `sha256:…`, as it was announced.
        package var digest: String

        package init(path: String, digest: String) {
            self.path = path
            self.digest = digest
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
    /// nil for a training that is not saved while it runs.
    package var checkpoints: Checkpoints?
    /// Checkpoints to go on from, the newest first: from the first one that is whole, or from the beginning.
    package var resume: [CheckpointFile]
    /// Absolute path of the model directory to write. Where an attempt before has left one, it is replaced.
    package var output: String
    /// Threads of the engine.
    package var threads: Int
    /// The most memory that the worker may take, in bytes, beside files that it maps; nil for what the machine has.
    package var memory: Int?

    package init(
        build: String?,
        splits: [DatasetDirectory.Split: SplitFile],
        labels: [String],
        modalities: [Modality],
        hyperparameters: Hyperparameters,
        seed: UInt64,
        earlyStopping: Training.EarlyStopping? = nil,
        checkpoints: Checkpoints? = nil,
        resume: [CheckpointFile] = [],
        output: String,
        threads: Int,
        memory: Int? = nil
    ) {
        self.build = build
        self.splits = Dictionary(uniqueKeysWithValues: splits.map { ($0.key.rawValue, $0.value) })
        self.labels = labels
        self.modalities = modalities
        self.hyperparameters = hyperparameters
        self.seed = seed
        self.earlyStopping = earlyStopping
        self.checkpoints = checkpoints
        self.resume = resume
        self.output = output
        self.threads = threads
        self.memory = memory
    }

    private enum CodingKeys: String, CodingKey {
        case build, splits, labels, modalities, hyperparameters, seed, checkpoints, resume, output, threads, memory
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
