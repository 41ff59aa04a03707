import Engine

/// Where a training is: all that it takes to go on to the same bytes.
///
/// Nothing else is remembered from one step to the next. Random numbers come from (seed, step), the batches of an epoch from
/// (seed, epoch), and standardization from the data. Matrix products may be in bfloat16, but parameters and moments are
/// float32 all the time.
///
/// `parameters` and `optimizer` are those of the training itself, which changes them in place: a state that is to last is
/// written to a file (``write(to:of:written:)``).
package struct TrainingState {
    let parameters: Parameters
    let optimizer: AdamW
    var best: BestEpoch
    /// Those after the best epoch; nil before the first epoch is evaluated.
    var bestParameters: Parameters?
    var patience: Patience?
    /// Epochs trained and evaluated.
    package internal(set) var epoch = 0
    /// Set when patience ended the training after `epoch`.
    package internal(set) var stoppedEarly: TrainingSummary.EarlyStop?
    var clock = TrainingClock.Reading()
    /// What the caller wants to keep with it, such as its place in a history: text of its own.
    package var notes: String?

    /// A training that has not made a step.
    init(beginning network: Network, seed: UInt64, earlyStopping: Training.EarlyStopping?) {
        let hyperparameters = network.configuration.hyperparameters
        parameters = Parameters(
            layout: network.layout, seed: seed, precision: hyperparameters.precision.resolved)
        optimizer = AdamW(layout: network.layout, weightDecay: hyperparameters.weightDecay)
        best = BestEpoch(selectBy: hyperparameters.selectBy)
        patience = earlyStopping.map { Patience($0) }
    }

    init(parameters: Parameters, optimizer: AdamW, best: BestEpoch, bestParameters: Parameters?, patience: Patience?) {
        self.parameters = parameters
        self.optimizer = optimizer
        self.best = best
        self.bestParameters = bestParameters
        self.patience = patience
    }

    /// Steps made. With ``epoch`` it is the place in the epoch under way; after the last of its steps an epoch is still to
    /// be evaluated.
    package var steps: Int { optimizer.steps }

    /// Seconds of training so far, evaluations included.
    package var seconds: Double { clock.seconds }

    package var clipsPerSecond: Double { Double(clock.clips) / max(clock.steppingSeconds, 1e-9) }

    /// The best epoch so far, counted from 1, and what it came to on the validation split.
    package var bestEpoch: (epoch: Int, validation: Metrics)? { best.record.map { ($0.epoch, $0.metrics) } }

    /// An epoch was evaluated.
    ///
    /// - Returns: whether it is better than all before it.
    mutating func take(_ metrics: Metrics, epoch: Int) -> Bool {
        let isBest = best.offer(metrics, epoch: epoch)
        if isBest { bestParameters = parameters.copy() }
        patience?.offer(metrics, epoch: epoch)
        self.epoch = epoch
        return isBest
    }

    /// Ends the training when patience is used up and there would have been more epochs.
    mutating func stop(of epochs: Int) -> TrainingSummary.EarlyStop? {
        stoppedEarly = patience?.stop(after: epoch, of: epochs, keeping: best.record?.epoch ?? 0)
        return stoppedEarly
    }
}
