import Foundation
import Engine

/// Trains a model on a data set and keeps the epoch that does best on the validation split.
package struct Training {
    let network: Network
    private let train: Clips
    private let validation: Clips
    private let seed: UInt64
    let earlyStopping: EarlyStopping?
    private let lazyIdentity: LazyIdentity

    /// What a training tells while it runs.
    package enum Event: Sendable {
        case step(Step)
        /// After every epoch, counted from 1.
        case epoch(Int, step: Int, validation: Metrics, isBest: Bool)
        /// After the last epoch, when there could have been more.
        case stoppedEarly(TrainingSummary.EarlyStop)
    }

    /// One optimizer step, counted from 1.
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
    ///   - dataDigest: names the clips of both, where that is known; nil to have them hashed when a state is saved or read.
    package init(
        configuration: ModelConfiguration,
        train: Clips,
        validation: Clips,
        seed: UInt64,
        earlyStopping: EarlyStopping? = nil,
        dataDigest: String? = nil
    ) {
        var configuration = configuration
        if configuration.hyperparameters.standardize {
            configuration.standardization = train.modalities.mapValues { Standardization($0) }
        }
        let network = Network(configuration)
        self.network = network
        self.train = train
        self.validation = validation
        self.seed = seed
        self.earlyStopping = earlyStopping
        lazyIdentity = LazyIdentity {
            TrainingIdentity(
                configuration: network.configuration, seed: seed, earlyStopping: earlyStopping,
                data: dataDigest ?? TrainingIdentity.digest(of: [train, validation]))
        }
    }

    /// What makes it this training and no other, for states to be told apart by. Where the data have no digest, all
    /// features are read and hashed when it is first needed.
    var identity: TrainingIdentity { lazyIdentity.value }

    private final class LazyIdentity {
        private let compute: () -> TrainingIdentity
        private(set) lazy var value = compute()

        init(_ compute: @escaping () -> TrainingIdentity) { self.compute = compute }
    }

    /// Clips of the training split.
    var clips: Int { train.count }

    /// Steps of all epochs.
    package var steps: Int { sampler.batchesPerEpoch * network.configuration.hyperparameters.epochs }

    private var sampler: BatchSampler {
        BatchSampler(
            lengths: train.unitCounts, batchSize: network.configuration.hyperparameters.batchSize, seed: seed)
    }

    /// Trains to the end, from the beginning or from where a state was saved. Both ways come to the same bytes; only what
    /// was measured of time differs.
    ///
    /// ```swift
    /// let state = try training.state(at: path, digest: digest)
    /// let model = try training.run(from: state) { event in print(event) }
    /// ```
    ///
    /// - Parameters:
    ///   - state: of this training; it is used up, as the training changes its parameters and moments in place.
    ///   - observe: called on the same thread after each step and each epoch; what it throws ends the training.
    ///   - inspect: called before an epoch is observed with the model as it then is. Its parameters change afterwards.
    ///   - checkpoint: called after each step and each epoch was observed, with the state that the training can go on
    ///     from. It is to be saved before the call returns or, the last one of all, any time later: the training
    ///     changes what it refers to. What it throws ends the training.
    /// - Throws: `MemoryError` before anything is computed, ``TrainingError`` when something is no longer finite, and what
    ///   `observe`, `inspect` and `checkpoint` throw.
    package func run(
        from state: TrainingState? = nil,
        observe: (Event) throws -> Void,
        inspect: (Model) throws -> Void = { _ in },
        checkpoint: (TrainingState) throws -> Void = { _ in }
    ) throws -> Model {
        try Memory.require(
            network.trainingBytes(train), for: "the training")
        let hyperparameters = network.configuration.hyperparameters
        let sampler = sampler
        let schedule = LearningRateSchedule(
            peak: hyperparameters.learningRate,
            warmupSteps: hyperparameters.warmupSteps,
            totalSteps: steps,
            annealing: hyperparameters.schedule
        )
        var state = state ?? TrainingState(beginning: network, seed: seed, earlyStopping: earlyStopping)
        let step = TrainingStep(
            network: network, parameters: state.parameters, optimizer: state.optimizer, schedule: schedule, seed: seed)
        var clock = TrainingClock(steps: schedule.totalSteps, epochs: hyperparameters.epochs, from: state.clock)
        while state.epoch < hyperparameters.epochs, state.stoppedEarly == nil {
            let epoch = state.epoch + 1
            let done = step.steps - state.epoch * sampler.batchesPerEpoch
            for batch in sampler.batches(epoch: epoch).dropFirst(done) {
                let started = ContinuousClock.now
                let outcome = step(train.select(batch))
                clock.add(clips: batch.count, since: started)
                guard outcome.losses.isFinite, outcome.gradientNorm.isFinite else {
                    throw TrainingError.diverged(step: step.steps)
                }
                try observe(.step(clock.progress(step: step.steps, epoch: epoch, outcome: outcome)))
                state.clock = clock.reading
                try checkpoint(state)
            }
            let model = Model(network: network, parameters: state.parameters)
            // After the last step too: no loss tells of what it did.
            guard step.isFinite else { throw TrainingError.diverged(step: step.steps) }
            let metrics = try evaluate(model, step: step.steps)
            let isBest = state.take(metrics, epoch: epoch)
            try inspect(model)
            try observe(.epoch(epoch, step: step.steps, validation: metrics, isBest: isBest))
            if let stop = state.stop(of: hyperparameters.epochs) {
                try observe(.stoppedEarly(stop))
            }
            state.clock = clock.reading
            try checkpoint(state)
        }
        return finish(state, seconds: clock.seconds)
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

    private func finish(_ state: TrainingState, seconds: Double) -> Model {
        guard let parameters = state.bestParameters, let best = state.best.record, let labels = validation.labels else {
            preconditionFailure("a training has at least one epoch and labelled clips")
        }
        var model = Model(network: network, parameters: parameters)
        let (configuration, probabilities) = (network.configuration, model.probabilities(ofSplit: validation))
        model.configuration.training = TrainingSummary(
            seed: seed,
            epochs: state.epoch,
            bestEpoch: best.epoch,
            selectedBy: configuration.hyperparameters.selectBy.validationName,
            stoppedEarly: state.stoppedEarly,
            steps: state.steps,
            clips: train.count,
            seconds: seconds,
            validation: best.metrics,
            warnings: TrainingSummary.Warning(best.metrics, of: .valid).map { [$0] },
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
