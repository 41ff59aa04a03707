/// What a training came to: `training` in `config.json`, and the result of a job.
package struct TrainingSummary: Sendable, Codable {
    /// Why a training ended before the last of its epochs.
    package struct EarlyStop: Sendable, Codable, Equatable {
        /// What did not get better, by the name of its series: `valid_micro_f1`.
        package let metric: String
        /// Epochs without improvement that were waited for.
        package let patience: Int
        /// The epoch with the best value of `metric`, counted from 1.
        package let bestEpoch: Int
        /// The epoch whose parameters were kept, by `select_by`.
        package let keptEpoch: Int
        /// Epochs done, of those that were planned.
        package let epochs: Int
        package let plannedEpochs: Int

        /// For people.
        package var reason: String {
            "\(metric) did not get better than in epoch \(bestEpoch) for \(patience) epoch\(patience > 1 ? "s" : ""); "
                + "\(epochs) of \(plannedEpochs) epochs done, epoch \(keptEpoch) kept"
        }

        private enum CodingKeys: String, CodingKey {
            case metric, patience, epochs
            case bestEpoch = "best_epoch"
            case keptEpoch = "kept_epoch"
            case plannedEpochs = "planned_epochs"
        }
    }

    package let seed: UInt64
    /// Epochs that were trained, and which of them was kept, counted from 1.
    package let epochs: Int
    package let bestEpoch: Int
    /// nil when all epochs were trained.
    package let stoppedEarly: EarlyStop?
    package let steps: Int
    package let clips: Int
    package let seconds: Double
    /// On the validation split, of the epoch that was kept.
    package let validation: Metrics
    /// On the test split, where there is one.
    package var test: Metrics?
    /// Per label, the threshold of best F1 on the validation split.
    package let tunedThresholds: [Float]

    private enum CodingKeys: String, CodingKey {
        case seed, epochs, steps, clips, seconds, validation, test
        case bestEpoch = "best_epoch"
        case stoppedEarly = "stopped_early"
        case tunedThresholds = "tuned_thresholds"
    }
}
