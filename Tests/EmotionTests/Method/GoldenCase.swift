import Engine
import Foundation
import JSON
import Testing

@testable import Emotion

/// One optimizer step recorded by an independent implementation: configuration, parameters, a batch, and what came
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

    static var all: [GoldenCase] { loaded.cases }

    /// What is wrong with files that are no cases, by file.
    static var faults: [String] { loaded.faults }

    private static let loaded: (cases: [GoldenCase], faults: [String]) = {
        var loaded: (cases: [GoldenCase], faults: [String]) = ([], [])
        do {
            let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "safetensors" }
                .sorted { $0.lastPathComponent < $1.lastPathComponent }
            for file in files {
                do { loaded.cases.append(try GoldenCase(url: file)) } catch {
                    loaded.faults.append("\(file.lastPathComponent): \(error)")
                }
            }
        } catch {
            loaded.faults.append("\(directory.path): \(error.localizedDescription)")
        }
        return loaded
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

    init(url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        file = try SafetensorsFile(path: url.path)
        guard let config = file.metadata["config"] else { throw GoldenError("the metadata lacks config") }
        let recorded = Data(config.utf8)
        let data = try JSONDecoder().decode(Inputs.self, from: recorded)
        var switches = try JSONReader.decode([String: Switch].self, from: recorded).compactMapValues(\.value)
        (switches["modalities"], switches["labels"], switches["dropout"]) = (nil, nil, .number(0))
        let modalities = data.modalities.map { Modality(name: $0.key, featureSize: $0.value) }
            .sorted { $0.name < $1.name }
        let configuration = ModelConfiguration(
            labels: (0..<data.labels).map { "label_\($0)" },
            modalities: modalities,
            hyperparameters: try Hyperparameters().setting(switches)
        )
        if let fault = configuration.fault { throw GoldenError("config: \(fault.field): \(fault.reason)") }
        let file = file
        network = Network(configuration)
        let shapes = file.tensors.filter { $0.key.hasPrefix("param.") }.mapValues(\.shape)
        try network.layout.check(shapes, file: name) { "param.\($0.name)" }
        parameters = try Parameters(layout: network.layout) { try file.floats("param.\($0.name)") }
        labels = try file.floats("label")
        let shape = try file.shape("label", "[B, K]")
        guard shape[0] > 0, shape[1] == data.labels else {
            throw GoldenError("label has shape \(shape), and config \(data.labels) labels")
        }
        batch = try Self.batch(file, modalities: modalities, labels: labels, clips: shape[0])
    }

    /// Packs the padded inputs [B, L, D], of which the first `length` units of a clip are real.
    private static func batch(
        _ file: SafetensorsFile, modalities: [Modality], labels: [Float], clips: Int
    ) throws -> Clips {
        var packed: [String: Sequences] = [:]
        for modality in modalities {
            let name = "input.\(modality.name)"
            let shape = try file.shape(name, "[B, L, D]")
            let padded = try file.floats(name)
            let recorded = "length.\(modality.name)"
            let lengths =
                file.tensors[recorded] == nil
                ? Array(repeating: shape[1], count: shape[0]) : try file.int32s(recorded).map(Int.init)
            guard shape[0] == clips, shape[2] == modality.featureSize, lengths.count == clips,
                lengths.allSatisfy({ (0...shape[1]).contains($0) })
            else {
                throw GoldenError(
                    "\(name) has shape \(shape) and lengths \(lengths), for \(clips) clips of "
                        + "\(modality.featureSize) features")
            }
            var values: [Float] = []
            for (clip, length) in lengths.enumerated() {
                let start = clip * shape[1] * shape[2]
                values += padded[start..<start + length * shape[2]]
            }
            packed[modality.name] = Sequences(featureSize: shape[2], lengths: lengths, values: values)
        }
        return Clips(count: clips, modalities: packed, labels: labels, labelCount: labels.count / clips)
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
        let (shape, values) = (try file.shape(name, "[B, L]"), try file.floats(name))
        guard let lengths = batch.modalities[modality]?.lengths, shape[0] == lengths.count,
            lengths.allSatisfy({ $0 <= shape[1] })
        else { throw GoldenError("\(name) has shape \(shape), which the clips' \(modality) does not fit in") }
        return lengths.enumerated().flatMap { values[$0 * shape[1]..<$0 * shape[1] + $1] }
    }
}

/// What is wrong with a file of golden vectors.
struct GoldenError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension SafetensorsFile {
    /// The shape of a tensor that must be there, with as many dimensions as `meaning` names.
    func shape(_ name: String, _ meaning: String) throws -> [Int] {
        guard let shape = tensors[name]?.shape else { throw GoldenError("there is no \(name) \(meaning)") }
        guard shape.count == meaning.split(separator: ",").count else {
            throw GoldenError("\(name) has shape \(shape), not \(meaning)")
        }
        return shape
    }
}
