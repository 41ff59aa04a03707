import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite("Model")
struct ModelTests {
    @Test("the answer for a clip is the same alone and among longer clips")
    func batchIndependence() {
        let model = Model.make()
        let modalities = model.configuration.modalities
        let clip = Clip.make([3, 2], seed: 1)
        let alone = model.probabilities(Clips(collating: [clip], modalities: modalities))
        let others = (2..<33).map { Clip.make([Int($0) * 2, Int($0) % 5], seed: $0) }
        let together = model.probabilities(Clips(collating: others + [clip], modalities: modalities))
        expectClose(Array(together.suffix(3)), alone, relative: 1e-5)
    }

    @Test("a clip that lacks a modality differs from one with zeros in it")
    func missingModality() {
        let model = Model.make()
        var clip = Clip.make([3, 2], seed: 1)
        clip.modalities["audio"] = Clip.Units(length: 2, featureSize: 3, values: Array(repeating: 0, count: 6))
        let zeros = model.probabilities(Clips(collating: [clip], modalities: model.configuration.modalities))
        clip.modalities["audio"] = nil
        let missing = model.probabilities(Clips(collating: [clip], modalities: model.configuration.modalities))
        #expect(zip(zeros, missing).contains { abs($0 - $1) > 1e-3 })
    }

    @Test("every modality changes the answer")
    func modalities() {
        let model = Model.make()
        for modality in model.configuration.modalities {
            var clip = Clip.make([3, 2], seed: 1)
            let before = model.probabilities(Clips(collating: [clip], modalities: model.configuration.modalities))
            let units = clip.modalities[modality.name]!
            clip.modalities[modality.name] = Clip.Units(
                length: units.length, featureSize: units.featureSize, values: units.values.map { $0 + 1 })
            let after = model.probabilities(Clips(collating: [clip], modalities: model.configuration.modalities))
            #expect(before != after)
        }
    }

    @Test("probabilities of a split come in the order of its clips")
    func splitOrder() {
        let model = Model.make()
        let clips = Clips.make(37)
        let split = model.probabilities(ofSplit: clips, batchSize: 5)
        for index in 0..<clips.count {
            expectClose(
                Array(split[index * 3..<index * 3 + 3]), model.probabilities(clips.select([index])), relative: 1e-5)
        }
    }

    @Test("a model directory gives the same model back")
    func directory() throws {
        let path = NSTemporaryDirectory() + "model-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = Model.make(.make { $0.classifier = .shared })
        try ModelDirectory.write(model, to: path)
        let read = try ModelDirectory.read(path)
        #expect(read.configuration.hyperparameters == model.configuration.hyperparameters)
        #expect(read.configuration.modalities == model.configuration.modalities)
        #expect(read.parameters.flat.values == model.parameters.flat.values)
    }

    @Test("a model directory with a wrong file is refused with the field and the reason")
    func brokenDirectory() throws {
        let path = NSTemporaryDirectory() + "model-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: ModelError.self) { try ModelDirectory.read(path) }
        try ModelDirectory.write(.make(), to: path)
        let other = Model.make(.make(labels: 4))
        let configuration = try JSONEncoder().encode(other.configuration)
        try configuration.write(to: URL(filePath: path + "/config.json"))
        let error = #expect(throws: ModelError.self) { try ModelDirectory.read(path) }
        #expect(error?.field == "decoder.queries")
        #expect(error?.reason == "has shape [3, 16], not [4, 16]")
        try Data(#"{"format_version": 1, "labels": ["a"], "modalities": []}"#.utf8)
            .write(to: URL(filePath: path + "/config.json"))
        #expect(throws: ModelError.self) { try ModelDirectory.read(path) }
    }
}
