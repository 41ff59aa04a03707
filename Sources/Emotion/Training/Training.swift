import Foundation
import Engine

/// Trains a model on a data set and keeps the epoch that does best on the validation split.
package struct Training {
    private let network: Network
    private let train: Clips
    private let validation: Clips
    private let seed: UInt64
    private let earlyStopping: EarlyStopping?

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
    /// - Throws: `MemoryError` before anything is computed, ``TrainingError`` when something is no longer finite, and what
    ///   `observe` and `inspect` throw.
    package func run(
        observe: (Event) throws -> Void,
        inspect: (Model) throws -> Void = { _ in }
    ) throws -> Model {
        try Memory.require(
            network.trainingBytes(train), for: "the training")
        let hyperparameters = network.configuration.hyperparameters
        let sampler = BatchSampler(lengths: train.unitCounts, batchSize: hyperparameters.batchSize, seed: seed)
        let schedule = LearningRateSchedule(
            peak: hyperparameters.learningRate,
            warmupSteps: hyperparameters.warmupSteps,
            totalSteps: sampler.batchesPerEpoch * hyperparameters.epochs,
            annealing: hyperparameters.schedule
        )
        let parameters = Parameters(
            layout: network.layout, seed: seed, precision: hyperparameters.precision.resolved)
        let step = TrainingStep(network: network, parameters: parameters, schedule: schedule, seed: seed)
        var best = BestEpoch(selectBy: hyperparameters.selectBy)
        var patience = earlyStopping.map { Patience($0) }
        var clock = TrainingClock(steps: schedule.totalSteps, epochs: hyperparameters.epochs)
        var epoch = 0
        var stoppedEarly: TrainingSummary.EarlyStop?
        while epoch < hyperparameters.epochs, stoppedEarly == nil {
            epoch += 1
            for batch in sampler.batches(epoch: epoch) {
                let started = ContinuousClock.now
                let outcome = step(train.select(batch))
                clock.add(clips: batch.count, since: started)
                guard outcome.losses.isFinite, outcome.gradientNorm.isFinite else {
                    throw TrainingError.diverged(step: step.steps)
                }
                try observe(.step(clock.progress(step: step.steps, epoch: epoch, outcome: outcome)))
            }
            let model = Model(network: network, parameters: parameters)
            // After the last step too: no loss tells of what it did.
            guard step.isFinite else { throw TrainingError.diverged(step: step.steps) }
            let metrics = try evaluate(model, step: step.steps)
            let isBest = best.offer(metrics, epoch: epoch)
            if isBest { best.parameters = parameters.copy() }
            patience?.offer(metrics, epoch: epoch)
            try inspect(model)
            try observe(.epoch(epoch, step: step.steps, validation: metrics, isBest: isBest))
            if let stop = patience?.stop(after: epoch, of: hyperparameters.epochs, keeping: best.epoch) {
                try observe(.stoppedEarly(stop))
                stoppedEarly = stop
            }
        }
        return finish(best, epochs: epoch, stoppedEarly: stoppedEarly, steps: step.steps, seconds: clock.seconds)
    }

    /// The metrics of the validation split.
    ///
    /// - Throws: ``TrainingError`` when they mean nothing, because of the model or because of the split.
    private func evaluate(_ model: Model, step: Int) throws(TrainingError) -> Metrics {
        let metrics = model.evaluate(validation)
        guard let counting = metrics.counting, counting.notComputableClips > 0 else { return metrics }
        guard model.canCompute(anyOf: train) else { throw .diverged(step: step) }
        if counting.isMeaningless { throw .validationNotComputable(clips: counting.clips) }
        return metrics
    }

    private func finish(
        _ best: BestEpoch, epochs: Int, stoppedEarly: TrainingSummary.EarlyStop?, steps: Int, seconds: Double
    ) -> Model {
        guard let parameters = best.parameters, let metrics = best.metrics, let labels = validation.labels else {
            preconditionFailure("a training has at least one epoch and labelled clips")
        }
        var model = Model(network: network, parameters: parameters)
        let (configuration, probabilities) = (network.configuration, model.probabilities(ofSplit: validation))
        model.configuration.training = TrainingSummary(
            seed: seed,
            epochs: epochs,
            bestEpoch: best.epoch,
            selectedBy: configuration.hyperparameters.selectBy.validationName,
            stoppedEarly: stoppedEarly,
            steps: steps,
            clips: train.count,
            seconds: seconds,
            validation: metrics,
            warnings: TrainingSummary.Warning(metrics, of: .valid).map { [$0] },
            tunedThresholds: Thresholds.tuned(
                probabilities: probabilities, truth: labels, labelCount: validation.labelCount,
                fallback: configuration.hyperparameters.threshold
            ).values
        )
        let comparison = model.comparison(validation, probabilities: probabilities)
        model.configuration.training?.validationByThreshold = comparison
        return model
    }
}
