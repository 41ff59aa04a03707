import Engine
import Foundation

extension ModelDirectory {
    /// The name that the configuration has in the metadata of the weights, so that the file alone is a model.
    static let configurationKey = "configuration"

    /// What is needed to use the weights, as JSON. How they were trained is left out: the same parameters are the same file.
    static func weightsConfiguration(of model: Model) throws -> String {
        var configuration = model.configuration
        configuration.training = nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(configuration), as: UTF8.self)
    }

    /// Reads a model of a file of weights alone: as ``write(_:to:)`` makes it, or of the authors' PyTorch model.
    ///
    /// - Parameters:
    ///   - heads: attention heads, which weights of the authors' model do not tell.
    ///   - labels: in the order of the queries, for those weights as well.
    /// - Throws: ``ModelError`` that names the tensor or the field and the reason.
    package static func read(weights path: String, heads: Int, labels: [String]?) throws -> Model {
        let metadata: [String: String]
        do throws(SafetensorsError) { metadata = try SafetensorsFile(path: path).metadata } catch {
            throw ModelError(
                file: path, field: error.tensor ?? "file", reason: "cannot be read as safetensors: \(error.reason)")
        }
        guard let document = metadata[configurationKey] else {
            return try ReferenceWeights.read(path, heads: heads, labels: labels)
        }
        var configuration = try configuration(of: path) { Data(document.utf8) }
        // What somebody says of a training is not what was measured.
        configuration.training = nil
        let model = try read(
            configuration, weights: path, form: .plain, precision: configuration.hyperparameters.precision.resolved)
        guard model.canComputeOrdinaryClips else {
            throw ModelError(
                file: path, field: "weights", reason: "are so large that no clip can be computed with them")
        }
        return model
    }
}
