import Emotion
import Jobs
import Studies

/// What the jobs of a cell came to, beside those of the first cell.
struct SweepComparison: Encodable {
    /// A metric over the seeds.
    struct Figure: Encodable {
        let n: Int
        let mean: Double
        /// The sample standard deviation; nil for a single number.
        let deviation: Double?
        /// Of differences: Student's t of the mean against 0.
        let t: Double?

        init(_ statistic: Statistic, isDifference: Bool = false) {
            n = statistic.count
            mean = statistic.mean
            deviation = statistic.deviation
            t = isDifference ? statistic.t : nil
        }
    }

    /// By split and metric; a split is not there where there is no number of it.
    let metrics: [String: [String: Figure]]
    /// Of the same seeds, less those of the first cell; empty for that itself.
    let differences: [String: [String: Figure]]

    /// Where the seed is in the document of a job.
    static let seedPath = "$.seed"
    /// Where the metrics are in its result, see `TrainingSummary`.
    static let valuePaths = columns.map { "$.\($0.path).\($0.metric.rawValue)" }

    private static let columns = [("valid", "validation"), ("test", "test")].flatMap { split, path in
        Hyperparameters.SelectionMetric.allCases.map { (split: split, path: path, metric: $0) }
    }

    /// - Parameters:
    ///   - runs: those of the cell that have succeeded, by seed.
    ///   - first: those of the first cell; nil for that itself.
    ///   - seeds: those of the sweep.
    init(_ runs: [UInt64: SweepJob], with first: [UInt64: SweepJob]?, seeds: [UInt64]) {
        var (metrics, differences): ([String: [String: Figure]], [String: [String: Figure]]) = ([:], [:])
        for (index, column) in Self.columns.enumerated() {
            let values = seeds.map { runs[$0]?.values[index] }
            let numbers = values.compactMap(\.self)
            guard !numbers.isEmpty else { continue }
            metrics[column.split, default: [:]][column.metric.rawValue] = Figure(Statistic(numbers))
            guard let first else { continue }
            if let difference = Statistic(of: values, lessThoseOf: seeds.map { first[$0]?.values[index] }) {
                differences[column.split, default: [:]][column.metric.rawValue] = Figure(
                    difference, isDifference: true)
            }
        }
        self.metrics = metrics
        self.differences = differences
    }
}
