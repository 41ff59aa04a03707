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

    static let all: [GoldenCase] = {
        let files = try! FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "safetensors" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .map { try! GoldenCase(url: $0) }
    }()

    /// The entries of the metadata `config` that are not hyperparameters.
    private struct Inputs: Decodable {
        let modalities: [String: Int]
        let labels: Int
    }

    /// An entry of `config`, nil when it is none of a hyperparameter's kinds.
    private struct Switch: Decodable {
        let value: HyperparameterValue?

        init(from decoder: any Decoder) throws { value = try? HyperparameterValue(from: decoder) }
    }

    private init(url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        file = try SafetensorsFile(path: url.path)
        let recorded = Data(file.metadata["config"]!.utf8)
        let data = try JSONDecoder().decode(Inputs.self, from: recorded)
        var switches = try JSONDecoder().decode([String: Switch].self, from: recorded).compactMapValues(\.value)
        (switches["modalities"], switches["labels"], switches["dropout"]) = (nil, nil, .number(0))
        let modalities = data.modalities.map { Modality(name: $0.key, featureSize: $0.value) }
            .sorted { $0.name < $1.name }
        let configuration = ModelConfiguration(
            labels: (0..<data.labels).map { "label_\($0)" },
            modalities: modalities,
            hyperparameters: try Hyperparameters().setting(switches)
        )
        let file = file
        network = Network(configuration)
        parameters = try Parameters(layout: network.layout) { try file.floats("param.\($0.name)") }
        labels = try file.floats("label")
        batch = try Self.batch(file, modalities: modalities, labels: labels)
    }

    /// Packs the padded inputs [B, L, D], of which the first `length` units of a clip are real.
    private static func batch(_ file: SafetensorsFile, modalities: [Modality], labels: [Float]) throws -> Clips {
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
        let count = packed.values.first!.count
        return Clips(count: count, modalities: packed, labels: labels, labelCount: labels.count / count)
    }

    /// The network with some hyperparameters changed.
    func network(_ change: (inout Hyperparameters) -> Void) -> Network {
        var hyperparameters = network.configuration.hyperparameters
        change(&hyperparameters)
        return Network(
            ModelConfiguration(
                labels: network.configuration.labels, modalities: network.configuration.modalities,
                hyperparameters: hyperparameters))
    }

    /// The real units' values of a recorded [B, L] that belong to a modality, packed.
    func packed(_ name: String, _ modality: String) throws -> [Float] {
        let length = file.tensors[name]!.shape[1]
        let values = try file.floats(name)
        return batch.modalities[modality]!.lengths.enumerated().flatMap { values[$0 * length..<$0 * length + $1] }
    }
}
