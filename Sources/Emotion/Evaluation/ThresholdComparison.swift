/// The same clips counted at two rules side by side, whichever one a model uses. In JSON an object with the members `0.5`
/// and `tuned`.
package struct ThresholdComparison: Codable, Sendable, Equatable {
    /// At 0.5 for every label.
    package let half: Metrics
    /// At the thresholds that were tuned on the validation split; nil where a model has none.
    package let tuned: Metrics?

    private enum CodingKeys: String, CodingKey {
        case half = "0.5"
        case tuned
    }

    /// - Parameters:
    ///   - probabilities: [N, K], N ≥ 1.
    ///   - truth: [N, K] of 0 and 1.
    ///   - labels: K names.
    package init(probabilities: [Float], truth: [Float], labels: [String], tuned: Thresholds?) {
        func metrics(_ thresholds: Thresholds) -> Metrics {
            Metrics(probabilities: probabilities, truth: truth, labels: labels, thresholds: thresholds)
        }
        half = metrics(.fixed(0.5, labels: labels.count))
        self.tuned = tuned.map(metrics)
    }
}
