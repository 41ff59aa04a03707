import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite("Training")
struct TrainingTests {
    private func train(
        _ configuration: ModelConfiguration = .make { $0.epochs = 20 },
        seed: UInt64 = 1,
        stopping: Training.EarlyStopping? = nil,
        observe: (Training.Event) throws -> Void = { _ in }
    ) throws -> Model {
        let training = Training(
            configuration: configuration,
            train: .make(64, configuration: configuration, seed: 1),
            validation: .make(32, configuration: configuration, seed: 2),
            seed: seed,
            earlyStopping: stopping
        )
        return try training.run(observe: observe)
    }

    @Test("a planted signal is learned and the best epoch is kept")
    func learns() throws {
        var scores: [Double] = []
        let model = try train { event in
            if case .epoch(_, _, let metrics, _) = event { scores.append(metrics.microF1) }
        }
        let summary = try #require(model.configuration.training)
        #expect(scores.count == 20)
        #expect(summary.validation?.microF1 == scores.max())
        #expect(summary.bestEpoch == scores.firstIndex(of: scores.max()!)! + 1)
        #expect(try #require(summary.validation).microF1 > 0.8)
        // The parameters are those of the best epoch, not of the last.
        #expect(model.evaluate(.make(32, seed: 2)).microF1 == summary.validation?.microF1)
    }

    @Test("tuned thresholds are the model's own where tuning gains nothing")
    func threshold() throws {
        let configuration = ModelConfiguration.make { ($0.epochs, $0.threshold) = (1, 0.375) }
        let clips = Clips.make(8, configuration: configuration)
        let unlabelled = Clips(
            count: clips.count, modalities: clips.modalities, labels: [Float](repeating: 0, count: 24), labelCount: 3)
        let training = Training(configuration: configuration, train: clips, validation: unlabelled, seed: 1)
        #expect(try training.run { _ in }.configuration.training?.tunedThresholds == [0.375, 0.375, 0.375])
    }

    @Test("the same seed gives the same weights, with one thread and with two")
    func deterministic() throws {
        let configuration = ModelConfiguration.make { $0.epochs = 2 }
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        Parallel.threads = 1
        let first = try train(configuration).parameters.values
        Parallel.threads = 2
        #expect(try train(configuration).parameters.values == first)
        #expect(try train(configuration, seed: 2).parameters.values != first)
    }

    @Test("bfloat16 trains other weights where the machine has it, and predicts nearly the same")
    func precision() throws {
        func configuration(_ precision: Hyperparameters.Precision) -> ModelConfiguration {
            .make { ($0.epochs, $0.precision) = (3, precision) }
        }
        let models = try [Hyperparameters.Precision.float32, .bfloat16, .auto].map { try train(configuration($0)) }
        let values = models.map { $0.parameters.values }
        #expect((values[0] != values[1]) == GEMMBackend.has(.bfloat16))
        #expect(values[1] == values[2])
        let clips = Clips.make(32, seed: 2)
        let directory = try ScratchDirectory()
        try ModelDirectory.write(models[0], to: directory.file("model"))
        let probabilities = try [PredictionPrecision.float32, .bfloat16].map {
            try ModelDirectory.read(directory.file("model"), precision: $0).probabilities(clips)
        }
        expectClose(probabilities[1], probabilities[0], absolute: 0.02)
        #expect((probabilities[0] != probabilities[1]) == GEMMBackend.has(.bfloat16))
    }

    @Test("training ends early when validation does not get better")
    func earlyStopping() throws {
        var epochs = 0
        var told: [TrainingSummary.EarlyStop] = []
        let model = try train(
            .make {
                $0.epochs = 50
                $0.learningRate = 0
            },
            stopping: .init(metric: .accuracy, patience: 3)
        ) { event in
            switch event {
            case .step: break
            case .epoch(let epoch, _, _, _): epochs = epoch
            case .stoppedEarly(let stop): told.append(stop)
            }
        }
        #expect(epochs == 4)
        #expect(model.configuration.training?.bestEpoch == 1)
        let stop = TrainingSummary.EarlyStop(
            metric: "valid_accuracy", patience: 3, bestEpoch: 1, keptEpoch: 1, epochs: 4, plannedEpochs: 50)
        #expect(told == [stop] && model.configuration.training?.stoppedEarly == stop)
        // Where patience ends with the last epoch, nothing was left out.
        let whole = try train(
            .make { ($0.epochs, $0.learningRate) = (4, 0) }, stopping: .init(metric: .microF1, patience: 3))
        #expect(whole.configuration.training?.epochs == 4 && whole.configuration.training?.stoppedEarly == nil)
    }

    @Test("steps are counted to the number that is announced")
    func steps() throws {
        var steps: [Int] = []
        _ = try train(.make { $0.epochs = 2 }) { event in
            if case .step(let step) = event {
                #expect(step.steps == 16)
                #expect(step.outcome.losses.recognition.isFinite)
                steps.append(step.step)
            }
        }
        #expect(steps == Array(1...16))
    }

    @Test("what the observer throws ends the training")
    func stopped() {
        struct Stopped: Error {}
        #expect(throws: Stopped.self) { try train { _ in throw Stopped() } }
    }

    @Test("a loss that is not finite ends the training with the step")
    func diverged() {
        #expect(throws: TrainingError.self) {
            try train(
                .make {
                    $0.learningRate = 10
                    $0.warmupSteps = 0
                    $0.epochs = 200
                    $0.weightDecay = 10
                })
        }
    }

    @Test("a training whose last step leaves nothing that can be computed has diverged, though every loss was finite")
    func divergedInTheLastStep() throws {
        let configuration = ModelConfiguration.make {
            ($0.learningRate, $0.weightDecay, $0.schedule) = (10, 10, .constant)
            ($0.warmupSteps, $0.epochs, $0.batchSize) = (0, 1, 1)
            ($0.temporalMasking, $0.parameterPerturbation) = (.off, .off)
        }
        let validation = Clips.make(8, seed: 2)
        var divergedAfterAllSteps = 0
        for steps in 3...8 {
            let training = Training(configuration: configuration, train: .make(steps), validation: validation, seed: 1)
            var told = 0
            do {
                let model = try training.run { event in if case .step = event { told += 1 } }
                #expect(model.canCompute(anyOf: validation), "\(steps) steps")
            } catch TrainingError.diverged(let step) {
                #expect(step <= steps)
                if told == steps { divergedAfterAllSteps += 1 }
            }
        }
        #expect(divergedAfterAllSteps > 0)
    }

    @Test("parameters and moments that are not finite are found out", arguments: [Float.nan, .infinity, -.infinity])
    func finite(value: Float) throws {
        let model = Model.make()
        #expect(model.parameters.isFinite)
        let first = try #require(model.network.layout.parameters.first)
        let last = try #require(model.network.layout.parameters.last)
        let optimizer = AdamW(layout: model.network.layout, weightDecay: 0)
        let gradients = Gradients(layout: model.network.layout)
        optimizer.step(model.parameters, gradients, learningRate: 1e-3)
        #expect(optimizer.isFinite)
        // Its square is more than a float holds; the update is a finite zero.
        gradients.pointer(first)[3] = 1e30
        optimizer.step(model.parameters, gradients, learningRate: 1e-3)
        #expect(model.parameters.isFinite && !optimizer.isFinite)
        model.parameters.pointer(last)[last.count - 1] = value
        #expect(!model.parameters.isFinite)
    }

    private static func clips(_ count: Int, seed: UInt64 = 1, tooLarge: Range<Int>) -> Clips {
        let clips = Clips.make(count, seed: seed)
        let modalities = clips.modalities.mapValues { sequences in
            var values: [Float] = []
            for clip in 0..<count {
                values +=
                    tooLarge.contains(clip)
                    ? Array(repeating: 3e38, count: sequences.lengths[clip] * sequences.featureSize)
                    : Array(sequences.select([clip]).values)
            }
            return Sequences(featureSize: sequences.featureSize, lengths: sequences.lengths, values: values)
        }
        return Clips(count: count, modalities: modalities, labels: clips.labels, labelCount: clips.labelCount)
    }

    @Test("a validation split of which no clip can be computed selects no epoch")
    func validationNotComputable() {
        let training = Training(
            configuration: .make { $0.epochs = 1 }, train: .make(16),
            validation: Self.clips(6, tooLarge: 0..<6), seed: 1)
        let error = #expect(throws: TrainingError.self) { try training.run { _ in } }
        #expect(error == .validationNotComputable(clips: 6))
        #expect(error?.description.contains("none of the 6 clips of the validation split can be computed") == true)
    }

    @Test("clips that cannot be computed are told with their number")
    func partlyNotComputable() throws {
        let training = Training(
            configuration: .make { $0.epochs = 1 }, train: .make(16),
            validation: Self.clips(6, tooLarge: 1..<3), seed: 1)
        var model = try training.run { _ in }
        #expect(model.configuration.training?.validation?.counting?.notComputableClips == 2)
        model.measure(test: Self.clips(5, seed: 3, tooLarge: 0..<5))
        let summary = try #require(model.configuration.training)
        #expect(summary.test == nil && summary.testByThreshold == nil)
        let warnings = try #require(summary.warnings)
        #expect(warnings.map(\.code) == ["not_computable", "not_computable"])
        #expect(warnings.map(\.split) == ["valid", "test"])
        #expect(warnings.map(\.count) == [2, 5] && warnings.map(\.clips) == [6, 5])
        // Nothing in it that JSON has no number for.
        _ = try JSONEncoder().encode(model.configuration)
    }

    @Test("features at the end of float32 are standardized and learned from")
    func standardization() throws {
        let configuration = ModelConfiguration.make(modalities: [Modality(name: "text", featureSize: 1)], labels: 1) {
            ($0.standardize, $0.epochs) = (true, 1)
        }
        // The mean is −2.04e38, and further from the first value than float32 reaches.
        let values: [Float] = [3.4e38, -3.4e38, -3.4e38, -3.4e38, -3.4e38]
        let sequences = Sequences(featureSize: 1, lengths: [1, 1, 1, 1, 1], values: values)
        var features = Tensor(values, shape: [5, 1])
        Standardization(sequences).apply(to: &features)
        expectClose(features.values, [2, -0.5, -0.5, -0.5, -0.5], absolute: 1e-6)
        let clips = Clips(count: 5, modalities: ["text": sequences], labels: [1, 0, 1, 0, 1], labelCount: 1)
        let training = Training(configuration: configuration, train: clips, validation: clips, seed: 1)
        #expect(try training.run { _ in }.configuration.training?.validation?.counting?.notComputableClips == 0)
    }

    @Test("every loss of a step counts when training is looked at for numbers that are not finite")
    func finiteLosses() {
        #expect(Objective.Losses(recognition: 1, masked: nil, perturbed: nil).isFinite)
        #expect(Objective.Losses(recognition: 1, masked: 2, perturbed: 0).isFinite)
        #expect(!Objective.Losses(recognition: .nan, masked: 2, perturbed: 0).isFinite)
        #expect(!Objective.Losses(recognition: 1, masked: .infinity, perturbed: 0).isFinite)
        #expect(!Objective.Losses(recognition: 1, masked: nil, perturbed: .nan).isFinite)
    }

    @Test("a summary says by what its epoch was selected, and counts at 0.5 and at tuned thresholds")
    func summary() throws {
        var model = try train(.make { ($0.epochs, $0.threshold, $0.selectBy) = (2, 0.375, .accuracy) })
        model.measure(test: .make(16, seed: 3))
        let summary = try #require(model.configuration.training)
        #expect(summary.selectedBy == "valid_accuracy" && model.configuration.selectedBy == "valid_accuracy")
        #expect(summary.warnings == nil)
        #expect(summary.validation?.counting?.thresholds == .fixed(0.375, labels: 3))
        for comparison in [summary.validationByThreshold, summary.testByThreshold] {
            #expect(comparison?.half.counting?.thresholds == .fixed(0.5, labels: 3))
            #expect(comparison?.tuned?.counting?.thresholds == summary.thresholds)
        }
    }

    @Test("dropout takes part in training only")
    func dropout() throws {
        let dry = try train(.make { ($0.epochs, $0.dropout) = (1, 0) }).parameters.values
        let wet = try train(.make { ($0.epochs, $0.dropout) = (1, 0.5) }).parameters.values
        #expect(dry != wet)
        let model = Model.make(.make { $0.dropout = 0.5 })
        let clips = Clips.make(8)
        #expect(model.probabilities(clips) == model.probabilities(clips))
    }
}
