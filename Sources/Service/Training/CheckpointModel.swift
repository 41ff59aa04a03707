import Emotion
import Engine
import Foundation
import Platform

/// A model directory that was made of a checkpoint.
struct CheckpointModel: Sendable {
    /// Of its files, `sha256:…`.
    let digest: String
    /// Its configuration.
    let document: Data

    /// Writes the directory, which is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - checkpoint: path of the file.
    ///   - digest: of what it is to hold.
    ///   - folder: path of the directory, which is made.
    /// - Throws: `TrainingStateError`, `MemoryError`, `SystemError`.
    init(
        of checkpoint: String, digest: String, _ weights: TrainingSummary.Checkpoint.Weights, in folder: String
    ) throws {
        let model = try Model(checkpoint: checkpoint, digest: digest, weights: weights)
        try ModelDirectory.write(model, to: folder)
        // Refuses a directory that could not be loaded later.
        _ = try ModelDirectory.readConfiguration(folder)
        self.digest = try ModelDirectory.digest(of: folder)
        document = try Data(contentsOf: URL(filePath: "\(folder)/\(ModelDirectory.configurationName)"))
    }
}
