import Engine
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
        #expect(summary.validation.microF1 == scores.max())
        #expect(summary.bestEpoch == scores.firstIndex(of: scores.max()!)! + 1)
        #expect(summary.validation.microF1 > 0.8)
        // The parameters are those of the best epoch, not of the last.
        #expect(model.evaluate(.make(32, seed: 2)).microF1 == summary.validation.microF1)
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
        let first = try train(configuration).parameters.flat.values
        Parallel.threads = 2
        #expect(try train(configuration).parameters.flat.values == first)
        #expect(try train(configuration, seed: 2).parameters.flat.values != first)
    }

    @Test("bfloat16 trains other weights where the machine has it, and predicts nearly the same")
    func precision() throws {
        func configuration(_ precision: Hyperparameters.Precision) -> ModelConfiguration {
            .make { ($0.epochs, $0.precision) = (3, precision) }
        }
        let models = try [Hyperparameters.Precision.float32, .bfloat16, .auto].map { try train(configuration($0)) }
        let values = models.map { $0.parameters.flat.values }
        #expect((values[0] != values[1]) == MatrixProvider.has(.bfloat16))
        #expect(values[1] == values[2])
        let clips = Clips.make(32, seed: 2)
        let directory = try ScratchDirectory()
        try ModelDirectory.write(models[0], to: directory.file("model"))
        let probabilities = try [Hyperparameters.Precision.float32, .bfloat16].map {
            try ModelDirectory.read(directory.file("model"), precision: $0).probabilities(clips)
        }
        expectClose(probabilities[1], probabilities[0], absolute: 0.02)
        #expect((probabilities[0] != probabilities[1]) == MatrixProvider.has(.bfloat16))
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

    @Test("dropout takes part in training only")
    func dropout() throws {
        let dry = try train(.make { ($0.epochs, $0.dropout) = (1, 0) }).parameters.flat.values
        let wet = try train(.make { ($0.epochs, $0.dropout) = (1, 0.5) }).parameters.flat.values
        #expect(dry != wet)
        let model = Model.make(.make { $0.dropout = 0.5 })
        let clips = Clips.make(8)
        #expect(model.probabilities(clips) == model.probabilities(clips))
    }
}
