import Engine

/// The best epoch so far by one metric.
struct BestEpoch {
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
