/// The result of a training: `training` in `config.json`, and the result of a job.
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

    /// Something about a training that succeeded which its user should know.
    package struct Warning: Sendable, Codable, Equatable {
        /// A stable name for programs.
        package let code: String
        package let split: String
        /// Clips of the split that it is about, of all of them.
        package let count: Int
        package let clips: Int
        /// For people.
        package let detail: String
    }

    /// A checkpoint that the parameters of a model were taken from.
    package struct Checkpoint: Sendable, Codable, Equatable {
        /// Which of its parameters.
        package enum Weights: String, Sendable, Codable, CaseIterable {
            /// Those after the step of the checkpoint.
            case step
            /// Those after the best epoch until then.
            case best
        }

        package let step: Int
        package let weights: Weights
    }

    package let seed: UInt64
    /// Epochs that were trained and evaluated.
    package let epochs: Int
    /// The epoch, counted from 1, after which the parameters were as they are; nil for those of a checkpoint that is not
    /// at the best epoch.
    package let bestEpoch: Int?
    /// By which metric of which split the epoch was selected: `valid_micro_f1`. nil without one, and in files of earlier
    /// versions.
    package let selectedBy: String?
    /// nil when all epochs were trained.
    package let stoppedEarly: EarlyStop?
    package let steps: Int
    package let clips: Int
    package let seconds: Double
    /// On the validation split, of the epoch that was kept; nil without one.
    package let validation: Metrics?
    /// On the test split, where there is one.
    package var test: Metrics?
    /// The same splits at 0.5 and at the tuned thresholds; nil in files of earlier versions.
    package var validationByThreshold: ThresholdComparison?
    package var testByThreshold: ThresholdComparison?
    /// nil when there are none.
    package var warnings: [Warning]?
    /// Per label, the threshold of best F1 on the validation split; nil for the parameters of a checkpoint.
    package let tunedThresholds: [Float]?
    /// nil for the parameters that a training ended with.
    package var checkpoint: Checkpoint?

    package var thresholds: Thresholds? { tunedThresholds.map { .tuned($0) } }

    private enum CodingKeys: String, CodingKey {
        case seed, epochs, steps, clips, seconds, validation, test, warnings, checkpoint
        case validationByThreshold = "validation_by_threshold"
        case testByThreshold = "test_by_threshold"
        case selectedBy = "selected_by"
        case bestEpoch = "best_epoch"
        case stoppedEarly = "stopped_early"
        case tunedThresholds = "tuned_thresholds"
    }
}

extension TrainingSummary.Warning {
    /// That clips could not be computed; nil when all could.
    init?(_ metrics: Metrics, of split: DatasetDirectory.Split) {
        guard let counting = metrics.counting, counting.notComputableClips > 0 else { return nil }
        let (count, clips) = (counting.notComputableClips, counting.clips)
        self.init(
            code: "not_computable",
            split: split.rawValue,
            count: count,
            clips: clips,
            detail: counting.isMeaningless
                ? "none of the \(clips) clips of the split \(split.rawValue) can be computed, so that it has no metrics; "
                    + "are its features not too large?"
                : "\(count) of the \(clips) clips of the split \(split.rawValue) cannot be computed and count as if "
                    + "nothing were predicted for them; are their features not too large?"
        )
    }
}
