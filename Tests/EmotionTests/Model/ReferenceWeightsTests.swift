import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

/// Weights of the authors' model, which the golden case of the recipe `reference` was recorded from.
@Suite("Reference weights")
struct ReferenceWeightsTests {
    private let directory: ScratchDirectory
    private let golden: SafetensorsFile
    private let stateDict: StateDict
    private let path: String

    init() throws {
        directory = try ScratchDirectory()
        golden = try SafetensorsFile(
            path: GoldenCase.directory.appending(path: "reference-three-modalities.safetensors").path)
        stateDict = try StateDict.golden(golden)
        path = directory.file("weights.safetensors")
    }

    @Test("a model of imported weights predicts what the authors' model does, also after a model directory")
    func probabilities() throws {
        try stateDict.write(to: path)
        let model = try ReferenceWeights.read(path, heads: 4)
        try ModelDirectory.write(model, to: directory.file("model"))
        let batch = try clips(of: model.configuration.modalities)
        let expected = try golden.floats("out.probabilities")
        expectClose(model.probabilities(batch), expected, relative: 1e-5)
        let read = try ModelDirectory.read(directory.file("model"), precision: .float32)
        expectClose(read.probabilities(batch), expected, relative: 1e-5)
    }

    @Test("shapes tell the configuration")
    func configuration() throws {
        try stateDict.write(to: path)
        let configuration = try ReferenceWeights.read(path, heads: 4).configuration
        let hyperparameters = configuration.hyperparameters
        #expect(configuration.modalities.map(\.name) == ["text", "video", "audio"])
        #expect(configuration.modalities.map(\.featureSize) == [10, 5, 7])
        #expect(configuration.labels == ["angry", "disgust", "fear", "happy", "sad", "surprise"])
        #expect(configuration.training == nil)
        #expect(hyperparameters.modelWidth == 16)
        #expect(hyperparameters.heads == 4)
        #expect(hyperparameters.feedForward == 24)
        #expect(hyperparameters.unimodalBlocks == 2)
        #expect(hyperparameters.multimodalBlocks == 2)
        #expect(hyperparameters.decoderBlocks == 1)
        #expect(hyperparameters.classifier == .shared)
    }

    @Test("exported weights are those imported, bit for bit")
    func roundTrip() throws {
        try stateDict.write(to: path)
        let model = try ReferenceWeights.read(path, heads: 4)
        try ReferenceWeights.write(model, to: directory.file("exported"))
        let exported = try SafetensorsFile(path: directory.file("exported"))
        for (name, entry) in exported.tensors {
            let tensor = try #require(stateDict.tensors[name])
            #expect(entry.shape == tensor.shape)
            #expect(try exported.floats(name).map(\.bitPattern) == tensor.values.map(\.bitPattern))
        }
        let ours = Set(model.network.layout.parameters.map(\.name))
        let expected = StateDict.names(blocks: 2).filter { ours.contains($0.ours) }
        #expect(Set(exported.tensors.keys) == Set(expected.map(\.theirs)))
        #expect(expected.count == ours.count)
    }

    @Test("labels that are not six are numbered or named")
    func labels() throws {
        let modalities = ["audio", "text", "video"].map { Modality(name: $0, featureSize: 2) }
        let model = Model.make(.make(modalities: modalities, labels: 2) { $0.classifier = .shared })
        try ReferenceWeights.write(model, to: path)
        #expect(try ReferenceWeights.read(path, heads: 4).configuration.labels == ["label_1", "label_2"])
        #expect(try ReferenceWeights.read(path, heads: 4, labels: ["a", "b"]).configuration.labels == ["a", "b"])
        let error = #expect(throws: ModelError.self) { try ReferenceWeights.read(path, heads: 4, labels: ["a"]) }
        #expect(error?.field == "labels")
    }

    @Test("doubles are converted and integers refused")
    func types() throws {
        try stateDict.write(to: path, as: .float64)
        let model = try ReferenceWeights.read(path, heads: 4)
        let expected = try golden.floats("out.probabilities")
        expectClose(model.probabilities(try clips(of: model.configuration.modalities)), expected, relative: 1e-5)
        try stateDict.write(to: path, as: .int32)
        let error = #expect(throws: ModelError.self) { try ReferenceWeights.read(path, heads: 4) }
        #expect(error?.reason == "holds I32, not floating-point numbers")
    }

    /// A change to the weights and the error that names it.
    struct Fault: CustomTestStringConvertible, Sendable {
        let tensor: String
        let shape: [Int]?
        let reason: String

        var testDescription: String { "\(tensor) \(reason)" }
    }

    @Test(
        "a tensor that is missing, superfluous or of another shape is named",
        arguments: [
            Fault(tensor: "src2_linear.1.bias", shape: nil, reason: "is missing; its shape would be [16]"),
            Fault(
                tensor: "src3_linear.0.weight", shape: nil,
                reason: "is missing; its shape would be [d_model, features of audio]"),
            Fault(
                tensor: "tri_modal_encoder.layers.1.norm1.weight", shape: nil,
                reason: "is missing; its shape would be [16]"),
            Fault(tensor: "src1_linear.0.weight", shape: [8, 10], reason: "has shape [8, 10], not [16, 10]"),
            Fault(
                tensor: "src1_linear.0.weight", shape: [0, 1 << 62],
                reason: "has shape [0, 4611686018427387904], not [d_model, features of text]"),
            Fault(
                tensor: "audio_base_encoder.layers.0.linear2.weight", shape: [24, 16],
                reason: "has shape [24, 16], not [16, 24]"),
            Fault(
                tensor: "emotion_decoder.classifier.0.weight", shape: [6, 16], reason: "has shape [6, 16], not [1, 16]"
            ),
            Fault(
                tensor: "tri_modal_encoder.me.weight", shape: [3, 16],
                reason: "is not a tensor of a model of this size"),
        ]
    )
    func faults(fault: Fault) throws {
        var changed = stateDict
        changed.tensors[fault.tensor] = fault.shape.map { shape in
            StateDict.Tensor(shape: shape, values: Array(repeating: 0, count: shape.reduce(1, *)))
        }
        try changed.write(to: path)
        let error = #expect(throws: ModelError.self) { try ReferenceWeights.read(path, heads: 4) }
        #expect(error == ModelError(file: path, field: fault.tensor, reason: fault.reason))
    }

    @Test("heads that do not divide the width, and files that are not safetensors, are refused")
    func refusedImports() throws {
        try stateDict.write(to: path)
        let error = #expect(throws: ModelError.self) { try ReferenceWeights.read(path, heads: 3) }
        #expect(error?.reason == "d_model: 16 is not a multiple of heads, which is 3")
        let pickle = try directory.write("checkpoint.bin", Array("PK\u{3}\u{4}".utf8))
        let unread = #expect(throws: ModelError.self) { try ReferenceWeights.read(pickle, heads: 4) }
        #expect(unread?.reason.hasPrefix("cannot be read as safetensors: ") == true)
    }

    @Test("a model that the authors' cannot be is not exported")
    func refusedExports() throws {
        func field(_ configuration: ModelConfiguration) -> String? {
            let error = #expect(throws: ModelError.self) { try ReferenceWeights.write(.make(configuration), to: path) }
            return error?.field
        }
        let three = ["text", "video", "audio"].map { Modality(name: $0, featureSize: 2) }
        #expect(field(.make { $0.classifier = .shared }) == "modalities")
        #expect(field(.make(modalities: three)) == "classifier")
        #expect(
            field(
                .make(modalities: three) {
                    $0.classifier = .shared
                    $0.layerNormEpsilon = 1e-6
                }) == "layer_norm_epsilon")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// The inputs of the golden case, whose clips have the same number of units.
    private func clips(of modalities: [Modality]) throws -> Clips {
        var packed: [String: Sequences] = [:]
        for modality in modalities {
            let shape = golden.tensors["input.\(modality.name)"]!.shape
            packed[modality.name] = Sequences(
                featureSize: shape[2],
                lengths: Array(repeating: shape[1], count: shape[0]),
                values: try golden.floats("input.\(modality.name)")
            )
        }
        return Clips(count: packed.values.first!.count, modalities: packed)
    }
}
