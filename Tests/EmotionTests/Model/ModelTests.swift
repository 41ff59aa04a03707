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
        let read = try ModelDirectory.readValues(path)
        #expect(read.configuration.hyperparameters == model.configuration.hyperparameters)
        #expect(read.configuration.modalities == model.configuration.modalities)
        #expect(read.parameters.values == model.parameters.values)
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

    /// What reading a model says after its configuration, as a JSON object, was changed.
    private static func fault(
        of configuration: ModelConfiguration = .make(), _ change: (inout [String: Any]) -> Void
    ) throws -> ModelError? {
        try fault(of: .make(configuration), change)
    }

    private static func fault(of model: Model, _ change: (inout [String: Any]) -> Void) throws -> ModelError? {
        try fault(
            of: model,
            text: { text in
                var object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
                change(&object)
                return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
            })
    }

    /// The same after a piece of the text was replaced; `$0` in the replacement stands for the piece.
    private static func fault(of model: Model, replacing piece: String, with other: String) throws -> ModelError? {
        try fault(
            of: model,
            text: { text in
                try #require(text.contains(piece))
                return text.replacingOccurrences(of: piece, with: other.replacingOccurrences(of: "$0", with: piece))
            })
    }

    private static func fault(of model: Model, text change: (String) throws -> String) throws -> ModelError? {
        let scratch = try ScratchDirectory()
        try ModelDirectory.write(model, to: scratch.path)
        let file = URL(filePath: scratch.file(ModelDirectory.configurationName))
        try Data(change(String(contentsOf: file, encoding: .utf8)).utf8).write(to: file)
        do throws(ModelError) {
            _ = try ModelDirectory.read(scratch.path)
            return nil
        } catch {
            return error
        }
    }

    @Test("a feature size that no memory holds is refused", arguments: [0, -1, (1 << 20) + 1, 1 << 62, .max])
    func featureSize(size: Int) throws {
        let error = try Self.fault { $0["modalities"] = [["name": "text", "feature_size": size]] }
        #expect(error?.field == "modalities")
        #expect(error?.reason == "text: feature_size \(size) is not from 1 to 1048576")
    }

    @Test("sizes other than those of the weights are refused before memory is taken for them")
    func sizes() throws {
        let error = try Self.fault { object in
            object["modalities"] = [
                ["name": "text", "feature_size": 5], ["name": "audio", "feature_size": 1 << 20],
            ]
            // More than 10 TB.
            var hyperparameters = object["hyperparameters"] as? [String: Any] ?? [:]
            hyperparameters["d_model"] = 8192
            hyperparameters["feed_forward"] = 65_536
            hyperparameters["unimodal_blocks"] = 64
            object["hyperparameters"] = hyperparameters
        }
        #expect(error?.field == "projection.text.linear.weight")
        #expect(error?.reason == "has shape [16, 5], not [8192, 5]")
        let more = try Self.fault { object in
            var hyperparameters = object["hyperparameters"] as? [String: Any] ?? [:]
            hyperparameters["decoder_blocks"] = 2
            object["hyperparameters"] = hyperparameters
        }
        #expect(more?.field == "decoder.layers.1.self_attention.in_proj.weight")
        #expect(more?.reason == "is missing; its shape would be [48, 16]")
        let less = try Self.fault { object in
            var hyperparameters = object["hyperparameters"] as? [String: Any] ?? [:]
            hyperparameters["positional"] = "learned"
            object["hyperparameters"] = hyperparameters
        }
        #expect(less?.field == "positions.text")
        let fewer = try Self.fault { $0["modalities"] = [["name": "text", "feature_size": 5]] }
        #expect(fewer?.reason == "is not a tensor of a model of this size")
    }

    @Test("a hyperparameter out of range is named with its place", arguments: ["threshold", "dropout"])
    func hyperparameter(name: String) throws {
        let error = try Self.fault { object in
            var hyperparameters = object["hyperparameters"] as? [String: Any] ?? [:]
            hyperparameters[name] = 1.5
            object["hyperparameters"] = hyperparameters
        }
        #expect(error?.field == "hyperparameters")
        #expect(error?.reason.hasPrefix("\(name): 1.5 is not a number") == true, "\(error as Any)")
    }

    /// Means and deviations as `config.json` holds them.
    private static func numbers(_ mean: [Any], _ deviation: [Any]) -> [String: Any] {
        ["mean": mean, "deviation": deviation]
    }

    @Test("means and deviations are there when features are standardized, and only then")
    func standardization() throws {
        let standardized = ModelConfiguration.make { $0.standardize = true }
        let (five, three) = ([1, 2, 3, 4, 5] as [Double], [1, 2, 3] as [Double])
        let (text, audio) = (Self.numbers(five, five), Self.numbers(three, three))
        let complete = ["text": text, "audio": audio]
        #expect(try Self.fault(of: standardized) { $0["standardization"] = complete } == nil)
        #expect(try Self.fault { $0["standardization"] = complete }?.reason == "is there, though standardize is false")
        for (value, reason) in [
            (nil, "is missing"),
            (["text": text], "audio: is missing"),
            (["text": text, "audio": text], "audio: does not have one mean and deviation per feature"),
            (
                ["text": text, "audio": Self.numbers(three, [1, 0, 1])],
                "audio: a deviation is not positive and finite"
            ),
            (
                ["text": Self.numbers(five, [1, 1, -1, 1, 1]), "audio": audio],
                "text: a deviation is not positive and finite"
            ),
        ] as [([String: Any]?, String)] {
            let error = try Self.fault(of: standardized) { $0["standardization"] = value }
            #expect(error?.field == "standardization")
            #expect(error?.reason == reason)
        }
        let dropped = ModelConfiguration.make { ($0.standardize, $0.dropModalities) = (true, ["audio"]) }
        #expect(try Self.fault(of: dropped) { $0["standardization"] = ["text": text] } == nil)
    }

    /// A model of the smallest training.
    private static func trained() throws -> Model {
        let configuration = ModelConfiguration.make { $0.epochs = 1 }
        return try Training(configuration: configuration, train: .make(8), validation: .make(8), seed: 1).run { _ in }
    }

    @Test(
        "weights that are not finite are refused with the tensor and the element", arguments: [Float.nan, -.infinity])
    func weights(value: Float) throws {
        let scratch = try ScratchDirectory()
        let model = Model.make()
        let parameter = try #require(model.parameters.layout.parameters.first { $0.name == "decoder.queries" })
        // Of the shape [3, 16].
        model.parameters.pointer(parameter)[16 + 5] = value
        try ModelDirectory.write(model, to: scratch.path)
        let error = #expect(throws: ModelError.self) { try ModelDirectory.read(scratch.path) }
        #expect(error?.field == "decoder.queries")
        #expect(error?.reason == "element [1, 5] is \(value), not a finite number")
    }

    @Test("tuned thresholds are probabilities, one per label")
    func thresholds() throws {
        let model = try Self.trained()
        for (thresholds, field, reason) in [
            ([0.5, 1.5, 0.5], "training/tuned_thresholds/1", "1.5 is not a probability from 0 to 1"),
            ([0.5, 0.5, -0.25], "training/tuned_thresholds/2", "-0.25 is not a probability from 0 to 1"),
            ([0.5, 0.5], "training/tuned_thresholds", "are 2, while there are 3 labels"),
        ] as [([Double], String, String)] {
            let error = try Self.fault(of: model) { object in
                var training = object["training"] as? [String: Any] ?? [:]
                training["tuned_thresholds"] = thresholds
                object["training"] = training
            }
            #expect(error?.field == field)
            #expect(error?.reason == reason)
        }
        for text in ["1e39", "NaN", "null"] {
            let error = try Self.fault(of: model, replacing: "\"tuned_thresholds\" : [", with: "$0\(text), ")
            #expect(error != nil, "\(text)")
        }
    }

    @Test("means and deviations beyond 32 bits are refused", arguments: ["1e39", "NaN", "-1e400"])
    func standardizationBeyondFloats(text: String) throws {
        let configuration = ModelConfiguration.make { ($0.standardize, $0.epochs) = (true, 1) }
        let model = try Training(
            configuration: configuration, train: .make(8), validation: .make(8), seed: 1
        ).run { _ in }
        #expect(try Self.fault(of: model, replacing: "\"mean\" : [", with: "$0") == nil)
        #expect(try Self.fault(of: model, replacing: "\"mean\" : [", with: "$0\(text), ") != nil)
    }

    @Test("the configuration of an earlier version is read, its metrics without what came later")
    func earlierConfiguration() throws {
        let scratch = try ScratchDirectory()
        let model = try Self.trained()
        try ModelDirectory.write(model, to: scratch.path)
        let file = URL(filePath: scratch.file(ModelDirectory.configurationName))
        var object = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        var training = try #require(object["training"] as? [String: Any])
        var validation = try #require(training["validation"] as? [String: Any])
        for name in ["counting", "accuracy_empty_union_1"] { validation[name] = nil }
        for name in ["selected_by", "validation_by_threshold"] { training[name] = nil }
        training["validation"] = validation
        object["training"] = training
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        let configuration = try ModelDirectory.read(scratch.path).configuration
        #expect(configuration.training?.validation?.microF1 == model.configuration.training?.validation?.microF1)
        #expect(configuration.training?.validation?.counting == nil && configuration.selectedBy == "valid_micro_f1")
    }

    @Test("a feature that varies by less than a float can tell is not divided by zero")
    func tinyDeviation() {
        let smallest = Float.leastNonzeroMagnitude
        let values = [smallest] + Array(repeating: 0, count: 15)
        let standardization = Standardization(
            Sequences(featureSize: 1, lengths: Array(repeating: 1, count: 16), values: values))
        #expect(standardization.deviation == [1])
        #expect(standardization.fault(featureSize: 1) == nil)
    }
}
