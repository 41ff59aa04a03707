import Engine
import Foundation
import JSON
import Platform
import TestSupport
import Testing

@testable import Emotion

@Suite("Models of checkpoints")
struct ModelCheckpointTests {
    private struct Interrupted: Error {}

    private let scratch: ScratchDirectory
    private let configuration = ModelConfiguration.make(
        modalities: [Modality(name: "text", featureSize: 5), Modality(name: "audio", featureSize: 3)]
    ) { ($0.epochs, $0.batchSize, $0.standardize, $0.learningRate) = (3, 8, true, 1e-3) }

    init() throws { scratch = try ScratchDirectory() }

    private var training: Training {
        Training(
            configuration: configuration, train: .make(20, configuration: configuration, seed: 1),
            validation: .make(12, configuration: configuration, seed: 2), seed: 7)
    }

    private var clips: Clips { .make(6, configuration: configuration, seed: 3) }

    /// Saves the state at the checkpoint of that number, counted from 0: one after each of the three steps of an epoch and
    /// one after the epoch.
    private func save(_ place: Int) throws -> (path: String, digest: String, probabilities: [Float], best: BestEpoch) {
        let (training, path) = (training, scratch.file("\(place).safetensors"))
        var (passed, digest, probabilities) = (0, "", [Float]())
        var best = BestEpoch(selectBy: .microF1)
        #expect(throws: Interrupted.self) {
            _ = try training.run { _ in
            } checkpoint: { state in
                defer { passed += 1 }
                guard passed == place else { return }
                digest = try state.write(to: path, of: training).digest
                probabilities = Model(network: training.network, parameters: state.parameters).probabilities(clips)
                best = state.best
                throw Interrupted()
            }
        }
        return (path, digest, probabilities, best)
    }

    @Test("the weights of the step predict as the training did then", arguments: [0, 5, 11])
    func step(place: Int) throws {
        let saved = try save(place)
        let model = try Model(checkpoint: saved.path, digest: saved.digest, weights: .step)
        #expect(model.probabilities(clips) == saved.probabilities)
        let summary = try #require(model.configuration.training)
        #expect(summary.checkpoint?.step == summary.steps && summary.checkpoint?.weights == .step)
        #expect(summary.steps == min(3 * (place / 4) + place % 4 + 1, 3 * (place / 4 + 1)))
        #expect(summary.epochs == (place + 1) / 4 && summary.seed == 7 && summary.clips == 20)
        #expect(summary.tunedThresholds == nil && summary.test == nil)
        #expect((summary.validation == nil) == (summary.bestEpoch == nil))
        // As a directory it is complete.
        try ModelDirectory.write(model, to: scratch.file("model"))
        let read = try ModelDirectory.read(scratch.file("model"))
        #expect(read.probabilities(clips) == saved.probabilities)
        #expect(read.configuration.training?.checkpoint == summary.checkpoint)
    }

    @Test("the weights of the best epoch are those that the training would keep")
    func best() throws {
        // After the last epoch, and in the middle of it.
        for place in [11, 9] {
            let saved = try save(place)
            let model = try Model(checkpoint: saved.path, digest: saved.digest, weights: .best)
            let summary = try #require(model.configuration.training)
            #expect(summary.bestEpoch == saved.best.record?.epoch && summary.validation == saved.best.record?.metrics)
            #expect(model.configuration.selectedBy == "valid_micro_f1" && summary.checkpoint?.weights == .best)
            #expect(model.evaluate(.make(12, configuration: configuration, seed: 2)) == summary.validation)
        }
        let saved = try save(11)
        let kept = try training.run { _ in }
        let model = try Model(checkpoint: saved.path, digest: saved.digest, weights: .best)
        #expect(model.probabilities(clips) == kept.probabilities(clips))
    }

    @Test("what was measured of the best epoch is told of its own weights only")
    func measured() throws {
        let saved = try save(3)
        let (atBest, after) = (try save(3), try save(4))
        #expect(saved.best.record?.epoch == 1)
        let first = try Model(checkpoint: atBest.path, digest: atBest.digest, weights: .step).configuration
        #expect(first.training?.validation == atBest.best.record?.metrics && first.selectedBy == "valid_micro_f1")
        let second = try Model(checkpoint: after.path, digest: after.digest, weights: .step).configuration
        #expect(second.training?.validation == nil && second.training?.bestEpoch == nil && second.selectedBy == nil)
    }

    @Test("a file that is damaged, too early or of an earlier version makes no model")
    func refused() throws {
        let saved = try save(0)
        func refusal(_ path: String, _ digest: String, _ weights: TrainingSummary.Checkpoint.Weights) throws
            -> TrainingStateError
        {
            try #require(throws: TrainingStateError.self) {
                _ = try Model(checkpoint: path, digest: digest, weights: weights)
            }
        }
        #expect(try refusal(saved.path, saved.digest, .best).kind == .incomplete)
        #expect(try refusal(saved.path, "sha256:0", .step).kind == .unreadable)
        #expect(try refusal(saved.path + "-", saved.digest, .step).kind == .unreadable)

        let file = try SafetensorsFile(path: saved.path)
        var metadata = file.metadata
        var header = try JSONReader.decode([String: JSONValue].self, from: Data((metadata["state"] ?? "").utf8))
        header["clips"] = nil
        header["standardization"] = nil
        metadata["state"] = String(decoding: try JSONEncoder().encode(header), as: UTF8.self)
        let earlier = scratch.file("earlier.safetensors")
        try Safetensors.write(
            to: earlier,
            tensors: file.tensors.map { .init(name: $0.key, shape: $0.value.shape, try file.floats($0.key)) },
            metadata: metadata)
        let digest = try SHA256.digest(ofFile: earlier)
        let error = try refusal(earlier, digest, .step)
        #expect(error.kind == .incomplete && error.reason.contains("version of Limbic"))
        // A training goes on from it all the same.
        #expect(try training.state(at: earlier, digest: digest).steps == 1)
    }
}
