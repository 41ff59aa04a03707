import Emotion
import Foundation

/// A model directory that was written to become a version.
struct WrittenModel: Sendable {
    /// Of its files, `sha256:…`.
    let digest: String
    /// Its configuration.
    let document: Data

    /// Writes the directory, which is on the disk when this returns.
    ///
    /// - Parameter folder: path of the directory, which is made.
    /// - Throws: `ModelError`, `SafetensorsError`, `SystemError`.
    init(_ model: Model, in folder: String) throws {
        try ModelDirectory.write(model, to: folder)
        // Refuses a directory that could not be loaded later.
        _ = try ModelDirectory.readConfiguration(folder)
        digest = try ModelDirectory.digest(of: folder)
        document = try Data(contentsOf: URL(filePath: "\(folder)/\(ModelDirectory.configurationName)"))
    }
}
