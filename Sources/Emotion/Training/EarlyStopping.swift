extension Training {
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
}

/// How long a training has not got better by the metric of its early stopping, which need not be the one that selects the
/// epoch to keep.
struct Patience {
    private let rule: Training.EarlyStopping
    private(set) var best: BestEpoch

    /// - Parameter record: the best epoch of a training that goes on.
    init(_ rule: Training.EarlyStopping, record: BestEpoch.Record? = nil) {
        self.rule = rule
        best = BestEpoch(selectBy: rule.metric, record: record)
    }

    mutating func offer(_ metrics: Metrics, epoch: Int) { _ = best.offer(metrics, epoch: epoch) }

    /// The early stop when patience is used up after `epoch` and there would have been more; nil when training goes on.
    func stop(after epoch: Int, of epochs: Int, keeping kept: Int) -> TrainingSummary.EarlyStop? {
        let best = best.record?.epoch ?? 0
        guard epoch < epochs, epoch - best >= rule.patience else { return nil }
        return TrainingSummary.EarlyStop(
            metric: rule.metric.validationName, patience: rule.patience, bestEpoch: best, keptEpoch: kept,
            epochs: epoch, plannedEpochs: epochs)
    }
}
