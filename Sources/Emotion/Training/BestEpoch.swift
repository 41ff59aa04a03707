/// The best epoch so far by one metric.
struct BestEpoch {
    /// An epoch, counted from 1, and what it came to on the validation split.
    struct Record: Sendable, Codable {
        let epoch: Int
        let metrics: Metrics
    }

    let selectBy: Hyperparameters.SelectionMetric
    /// nil before the first epoch is offered.
    private(set) var record: Record?

    init(selectBy: Hyperparameters.SelectionMetric, record: Record? = nil) {
        self.selectBy = selectBy
        self.record = record
    }

    /// Takes an epoch when it is better than all before it.
    mutating func offer(_ metrics: Metrics, epoch: Int) -> Bool {
        if let record, selectBy.score(metrics) <= selectBy.score(record.metrics) { return false }
        record = Record(epoch: epoch, metrics: metrics)
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
