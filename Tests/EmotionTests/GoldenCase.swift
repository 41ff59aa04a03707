import Engine
import Foundation
import Testing

@testable import Emotion

/// One optimisation step recorded by an independent implementation: configuration, parameters, a batch, and what came
/// out of it.
struct GoldenCase: CustomTestStringConvertible, Sendable {
    let name: String
    let file: SafetensorsFile
    let network: Network
    let parameters: Parameters
    let batch: Clips
    let labels: [Float]

    var testDescription: String { name }

    /// The directory of golden vectors: `GOLDEN_DIR`, or the copies in the bundle.
    static let directory: URL =
        ProcessInfo.processInfo.environment["GOLDEN_DIR"].map { URL(filePath: $0) }
        ?? Bundle.module.resourceURL!.appending(path: "Golden")

    /// All cases whose configuration is that of the recipe `paper`: binary cross-entropy and a classifier per label.
    static let paper: [GoldenCase] = {
        let files = try! FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "safetensors" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try! GoldenCase(url: $0) }
    }()

    /// The entries of the metadata `config` that describe the network.
    private struct Configuration: Decodable {
        let modalities: [String: Int]
        let labels: Int
        let d_model: Int
        let heads: Int
        let feed_forward: Int
        let unimodal_blocks: Int
        let multimodal_blocks: Int
        let decoder_blocks: Int
        let layer_norm_epsilon: Float
        let classifier: String
        let loss: String
    }

    /// Nil for a case of another recipe.
    private init?(url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        file = try SafetensorsFile(path: url.path)
        let recorded = try JSONDecoder().decode(Configuration.self, from: Data(file.metadata["config"]!.utf8))
        guard recorded.classifier == "per_label", recorded.loss == "bce" else { return nil }
        var hyperparameters = Hyperparameters()
        hyperparameters.modelWidth = recorded.d_model
        hyperparameters.heads = recorded.heads
        hyperparameters.feedForward = recorded.feed_forward
        hyperparameters.unimodalBlocks = recorded.unimodal_blocks
        hyperparameters.multimodalBlocks = recorded.multimodal_blocks
        hyperparameters.decoderBlocks = recorded.decoder_blocks
        hyperparameters.layerNormEpsilon = recorded.layer_norm_epsilon
        hyperparameters.dropout = 0
        let modalities = recorded.modalities.map { Modality(name: $0.key, featureSize: $0.value) }
            .sorted { $0.name < $1.name }
        let configuration = ModelConfiguration(
            labels: (0..<recorded.labels).map { "label_\($0)" },
            modalities: modalities,
            hyperparameters: hyperparameters
        )
        let file = file
        network = Network(configuration)
        parameters = try Parameters(layout: network.layout) { try file.floats("param.\($0.name)") }
        labels = try file.floats("label")
        batch = try Self.batch(file, modalities: modalities)
    }

    /// Packs the padded inputs [B, L, D], of which the first `length` units of a clip are real.
    private static func batch(_ file: SafetensorsFile, modalities: [Modality]) throws -> Clips {
        var packed: [String: Sequences] = [:]
        for modality in modalities {
            let name = "input.\(modality.name)"
            let shape = file.tensors[name]!.shape
            let padded = try file.floats(name)
            let recorded = "length.\(modality.name)"
            let lengths =
                file.tensors[recorded] == nil
                ? Array(repeating: shape[1], count: shape[0]) : try file.int32s(recorded).map(Int.init)
            var values: [Float] = []
            for (clip, length) in lengths.enumerated() {
                let start = clip * shape[1] * shape[2]
                values += padded[start..<start + length * shape[2]]
            }
            packed[modality.name] = Sequences(featureSize: shape[2], lengths: lengths, values: values)
        }
        return Clips(count: packed.values.first!.count, modalities: packed)
    }
}
