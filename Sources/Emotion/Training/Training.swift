import Foundation
import Engine

/// Trains a model on a data set and keeps the epoch that does best on the validation split.
package struct Training {
    private let network: Network
    private let train: Clips
    private let validation: Clips
    private let seed: UInt64
    private let earlyStopping: EarlyStopping?

    /// Ends a training that does not get better.
    package struct EarlyStopping: Sendable, Codable, Equatable {
        package let metric: Hyperparameters.SelectionMetric
        /// Epochs without improvement after which training ends.
        package let patience: Int

        package init(metric: Hyperparameters.SelectionMetric, patience: Int) {
            self.metric = metric
            self.patience = patience
        }
    }

    /// What a training tells while it runs.
    package enum Event: Sendable {
        case step(Step)
        /// After every epoch, counted from 1.
        case epoch(Int, step: Int, validation: Metrics, isBest: Bool)
        /// After the last epoch, when there could have been more.
        case stoppedEarly(TrainingSummary.EarlyStop)
    }

    /// One optimisation step, counted from 1.
    package struct Step: Sendable {
        package let step: Int
        package let steps: Int
        package let epoch: Int
        package let epochs: Int
        package let outcome: TrainingStep.Outcome
        /// Since the training began, evaluations left out.
        package let clipsPerSecond: Double
        /// Until the last step, at the pace so far.
        package let secondsLeft: Double
    }

    /// - Parameters:
    ///   - train: labelled clips with every modality of the configuration.
    ///   - validation: the same; not empty.
    package init(
        configuration: ModelConfiguration,
        train: Clips,
        validation: Clips,
        seed: UInt64,
        earlyStopping: EarlyStopping? = nil
    ) {
        var configuration = configuration
        if configuration.hyperparameters.standardize {
            configuration.standardization = train.modalities.mapValues { Standardization($0) }
        }
        network = Network(configuration)
        self.train = train
        self.validation = validation
        self.seed = seed
        self.earlyStopping = earlyStopping
    }

    /// Trains to the end.
    ///
    /// - Parameters:
    ///   - observe: called on the same thread after each step and each epoch; what it throws ends the training.
    ///   - inspect: called before an epoch is observed with the model as it then is. Its parameters change afterwards.
    /// - Throws: ``TrainingError`` when the loss is no longer finite, and what `observe` and `inspect` throw.
    package func run(
        observe: (Event) throws -> Void,
        inspect: (Model) throws -> Void = { _ in }
    ) throws -> Model {
        let hyperparameters = network.configuration.hyperparameters
        let sampler = BatchSampler(lengths: train.unitCounts, batchSize: hyperparameters.batchSize, seed: seed)
        let schedule = LearningRateSchedule(
            peak: hyperparameters.learningRate,
            warmupSteps: hyperparameters.warmupSteps,
            totalSteps: sampler.batchesPerEpoch * hyperparameters.epochs,
            annealing: hyperparameters.schedule
        )
        let parameters = Parameters(layout: network.layout, seed: seed)
            .computing(in: hyperparameters.precision.resolved)
        var step = TrainingStep(network: network, parameters: parameters, schedule: schedule, seed: seed)
        var best = Best(selectBy: hyperparameters.selectBy)
        var patience = earlyStopping.map { Best(selectBy: $0.metric) }
        var clock = Clock(steps: schedule.totalSteps, epochs: hyperparameters.epochs)
        var epoch = 0
        var stoppedEarly: TrainingSummary.EarlyStop?
        while epoch < hyperparameters.epochs, stoppedEarly == nil {
            epoch += 1
            for batch in sampler.batches(epoch: epoch) {
                let started = ContinuousClock.now
                let outcome = step(train.select(batch))
                clock.add(clips: batch.count, since: started)
                guard outcome.losses.recognition.isFinite, outcome.gradientNorm.isFinite else {
                    throw TrainingError.diverged(step: step.steps)
                }
                try observe(.step(clock.progress(step: step.steps, epoch: epoch, outcome: outcome)))
            }
            let model = Model(network: network, parameters: parameters)
            let metrics = model.evaluate(validation)
            let isBest = best.offer(metrics, epoch: epoch)
            if isBest { best.parameters = parameters.copy() }
            _ = patience?.offer(metrics, epoch: epoch)
            try inspect(model)
            try observe(.epoch(epoch, step: step.steps, validation: metrics, isBest: isBest))
            if let earlyStopping, let patience, epoch < hyperparameters.epochs,
                epoch - patience.epoch >= earlyStopping.patience
            {
                let stop = TrainingSummary.EarlyStop(
                    metric: earlyStopping.metric.validationName, patience: earlyStopping.patience,
                    bestEpoch: patience.epoch, keptEpoch: best.epoch, epochs: epoch,
                    plannedEpochs: hyperparameters.epochs)
                try observe(.stoppedEarly(stop))
                stoppedEarly = stop
            }
        }
        return finish(best, epochs: epoch, stoppedEarly: stoppedEarly, steps: step.steps, seconds: clock.seconds)
    }

    private func finish(
        _ best: Best, epochs: Int, stoppedEarly: TrainingSummary.EarlyStop?, steps: Int, seconds: Double
    ) -> Model {
        guard let parameters = best.parameters, let metrics = best.metrics, let labels = validation.labels else {
            preconditionFailure("a training has at least one epoch and labelled clips")
        }
        var model = Model(network: network, parameters: parameters)
        model.configuration.training = TrainingSummary(
            seed: seed,
            epochs: epochs,
            bestEpoch: best.epoch,
            stoppedEarly: stoppedEarly,
            steps: steps,
            clips: train.count,
            seconds: seconds,
            validation: metrics,
            tunedThresholds: Metrics.tunedThresholds(
                probabilities: model.probabilities(ofSplit: validation), labels: labels,
                labelCount: validation.labelCount, fallback: network.configuration.hyperparameters.threshold)
        )
        return model
    }
}

/// Why a training could not go on.
package enum TrainingError: Error, Sendable, CustomStringConvertible {
    case diverged(step: Int)

    package var description: String {
        switch self {
        case .diverged(let step):
            "the loss or its gradient was no longer finite at step \(step); a smaller learning_rate may help"
        }
    }
}

/// The best epoch so far by one metric.
private struct Best {
    let selectBy: Hyperparameters.SelectionMetric
    private(set) var epoch = 0
    private(set) var metrics: Metrics?
    var parameters: Parameters?

    init(selectBy: Hyperparameters.SelectionMetric) { self.selectBy = selectBy }

    /// Takes an epoch when it is better than all before it.
    mutating func offer(_ metrics: Metrics, epoch: Int) -> Bool {
        if let current = self.metrics, selectBy.score(metrics) <= selectBy.score(current) { return false }
        self.metrics = metrics
        self.epoch = epoch
        return true
    }
}

extension Hyperparameters.SelectionMetric {
    /// The name of its series over the epochs of a training.
    package var validationName: String { "valid_\(rawValue)" }

    /// The metric, turned so that more is better.
    func score(_ metrics: Metrics) -> Double { self == .hammingLoss ? -value(metrics) : value(metrics) }

    package func value(_ metrics: Metrics) -> Double {
        switch self {
        case .microF1: metrics.microF1
        case .macroF1: metrics.macroF1
        case .accuracy: metrics.accuracy
        case .hammingLoss: metrics.hammingLoss
        }
    }
}

/// Measures the pace of a training.
private struct Clock {
    let steps: Int
    let epochs: Int
    private let started = ContinuousClock.now
    private var clips = 0
    private var stepping = Duration.zero

    init(steps: Int, epochs: Int) {
        self.steps = steps
        self.epochs = epochs
    }

    var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

    mutating func add(clips count: Int, since start: ContinuousClock.Instant) {
        clips += count
        stepping += ContinuousClock.now - start
    }

    func progress(step: Int, epoch: Int, outcome: TrainingStep.Outcome) -> Training.Step {
        Training.Step(
            step: step, steps: steps, epoch: epoch, epochs: epochs, outcome: outcome,
            clipsPerSecond: Double(clips) / max(stepping / .seconds(1), 1e-9),
            secondsLeft: seconds / Double(step) * Double(steps - step)
        )
    }
}
