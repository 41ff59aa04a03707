import Engine
import TestSupport
import Testing

@testable import Emotion

/// How switches change what a model sees of a clip.
@Suite("Inputs of a model")
struct InputTests {
    private static func probabilities(_ model: Model, _ clip: Clip) -> [Float] {
        model.probabilities(Clips(collating: [clip], modalities: model.configuration.modalities))
    }

    private static func largestChange(_ first: [Float], _ second: [Float]) -> Float {
        zip(first, second).map { abs($0 - $1) }.max() ?? .nan
    }

    @Test("a dropped modality does not change predictions", arguments: ["text", "audio"])
    func droppedModality(dropped: String) throws {
        let model = Model.make(.make { $0.dropModalities = [dropped] })
        #expect(model.network.modalities.map(\.name) == ["text", "audio"].filter { $0 != dropped })
        #expect(!model.parameters.layout.parameters.contains { $0.name.contains(".\(dropped)") })
        for modality in model.configuration.modalities {
            let clip = Clip.make([3, 2], seed: 1)
            var moved = clip
            let units = try #require(clip.modalities[modality.name])
            moved.modalities[modality.name] = Clip.Units(
                length: units.length, featureSize: units.featureSize, values: units.values.map { 2 - $0 })
            var missing = clip
            missing.modalities[modality.name] = nil
            let before = Self.probabilities(model, clip)
            let isDropped = modality.name == dropped
            #expect((Self.probabilities(model, moved) == before) == isDropped)
            if isDropped { #expect(Self.probabilities(model, missing) == before) }
        }
    }

    private static func reversed(_ units: Clip.Units) -> Clip.Units {
        let rows = (0..<units.length).reversed().flatMap {
            units.values[$0 * units.featureSize..<($0 + 1) * units.featureSize]
        }
        return Clip.Units(length: units.length, featureSize: units.featureSize, values: rows)
    }

    @Test("the order of units matters to those who know places, and only to them")
    func order() {
        let orderless: [(inout Hyperparameters) -> Void] = [
            { _ in }, { $0.decoder = .none }, { ($0.multimodalEncoder, $0.parameterPerturbation) = (.none, .off) },
        ]
        let ordered: [(inout Hyperparameters) -> Void] = [
            { $0.positional = .sinusoidal }, { $0.positional = .learned }, { $0.backbone = .lstm },
        ]
        let clip = Clip.make([5, 4], seed: 1)
        var reversed = clip
        reversed.modalities = clip.modalities.mapValues(Self.reversed)
        for (changes, isOrdered) in [(orderless, false), (ordered, true)] {
            for (index, change) in changes.enumerated() {
                let model = Model.make(.make(change))
                let (before, after) = (Self.probabilities(model, clip), Self.probabilities(model, reversed))
                if isOrdered {
                    #expect(Self.largestChange(before, after) > 1e-4, "\(index)")
                } else {
                    expectClose(after, before, absolute: 1e-5, "\(index)")
                }
            }
        }
    }

    @Test("with learned places of their own, clips of more units than the table has places predict")
    func manyUnits() {
        let model = Model.make(.make { $0.positional = .learned })
        let answer = Self.probabilities(model, Clip.make([600, 2], seed: 1))
        #expect(answer.allSatisfy { $0 > 0 && $0 < 1 })
    }

    /// The clips with each feature scaled and shifted.
    private static func transformed(_ clips: Clips) -> Clips {
        let (scales, shifts): ([Float], [Float]) = ([4, 0.5, 10], [3, -1, 0.25, 7])
        let modalities = clips.modalities.mapValues { sequences in
            let values = sequences.values.enumerated().map { index, value in
                let feature = index % sequences.featureSize
                return value * scales[feature % 3] + shifts[feature % 4]
            }
            return Sequences(featureSize: sequences.featureSize, lengths: sequences.lengths, values: values)
        }
        return Clips(count: clips.count, modalities: modalities, labels: clips.labels, labelCount: clips.labelCount)
    }

    @Test("scaling and shifting a feature changes nothing for a model that standardizes", arguments: [true, false])
    func standardized(standardize: Bool) throws {
        let configuration = ModelConfiguration.make {
            ($0.epochs, $0.warmupSteps, $0.standardize) = (2, 0, standardize)
        }
        func answer(_ change: (Clips) -> Clips) throws -> [Float] {
            let training = Training(
                configuration: configuration, train: change(.make(24, seed: 1)), validation: change(.make(12, seed: 2)),
                seed: 1)
            let model = try training.run { _ in }
            #expect((model.configuration.standardization != nil) == standardize)
            return model.probabilities(change(.make(12, seed: 3)))
        }
        let (plain, changed) = (try answer { $0 }, try answer(Self.transformed))
        if standardize {
            expectClose(changed, plain, absolute: 1e-3)
        } else {
            #expect(Self.largestChange(plain, changed) > 1e-2)
        }
    }

    @Test("what a model standardizes by is kept with it")
    func keptStandardization() throws {
        let directory = try ScratchDirectory()
        let clips = Self.transformed(.make(16, seed: 1))
        let training = Training(
            configuration: .make { ($0.epochs, $0.standardize) = (1, true) }, train: clips, validation: clips, seed: 1)
        let model = try training.run { _ in }
        try ModelDirectory.write(model, to: directory.file("model"))
        let read = try ModelDirectory.read(directory.file("model"))
        #expect(read.configuration.standardization == model.configuration.standardization)
        #expect(read.probabilities(clips) == model.probabilities(clips))
    }

    @Test("mean and deviation of each feature; 1 for one that does not vary")
    func standardization() {
        let scaling = Standardization(
            Sequences(featureSize: 3, lengths: [2, 0, 1], values: [1, 0.1, 1e6, 2, 0.1, 1e6 + 2, 6, 0.1, 1e6 + 4]))
        expectClose(scaling.mean, [3, 0.1, 1e6 + 2], relative: 1e-6)
        // √((4 + 1 + 9) / 3), and √(8 / 3) though the mean is large.
        expectClose(scaling.deviation, [2.1602469, 1, 1.6329932], relative: 1e-6)
        var features = Tensor([3, 0.1, 1e6 + 2, 6, 1.1, 1e6], shape: [2, 3])
        scaling.apply(to: &features)
        expectClose(features.values, [0, 0, 0, 1.3887301, 1, -1.2247449], absolute: 1e-6)
        // The same without the zeros that stand for something else; those that are values count.
        let replaced = Standardization(
            Sequences(
                featureSize: 2, lengths: [3, 2], values: [1e6, 1, 0, 0, 1e6 + 2, 2, 0, 0, 1e6 + 4, 3], replaced: [2, 1])
        )
        expectClose(replaced.mean, [1e6 + 2, 1.5], relative: 1e-7)
        expectClose(replaced.deviation, [1.6329932, 1.118034], relative: 1e-6)
        let empty = Standardization(Sequences(featureSize: 2, lengths: [0, 0], values: []))
        #expect(empty.mean == [0, 0])
        #expect(empty.deviation == [1, 1])
    }
}
