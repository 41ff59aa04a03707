import Emotion
import Foundation
import Jobs

extension ModelDirectory {
    /// SHA-256 over the digests of both files of the model in `directory`, and so over weights and configuration: what
    /// `sha256sum config.json model.safetensors | sha256sum` prints there.
    ///
    /// - Returns: `sha256:…`.
    static func digest(of directory: URL) throws -> String {
        var text = ""
        for name in [configurationName, weightsName] {
            let digest = try FileDigest.of(directory.appendingPathComponent(name))
            text += "\(digest.dropFirst("sha256:".count))  \(name)\n"
        }
        return SHA256.digest(of: Array(text.utf8))
    }
}
