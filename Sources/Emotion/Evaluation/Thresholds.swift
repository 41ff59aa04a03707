/// From which probability each label counts as predicted, and where that comes from.
package struct Thresholds: Codable, Sendable, Equatable {
    package enum Rule: String, Codable, Sendable {
        /// One number for all labels, chosen beforehand.
        case fixed
        /// Per label the one with the best F1 on the validation split of the training.
        case tuned
    }

    package let rule: Rule
    /// One per label, each from 0 to 1.
    package let values: [Float]

    package static func fixed(_ value: Float, labels: Int) -> Thresholds {
        Thresholds(rule: .fixed, values: Array(repeating: value, count: labels))
    }

    package static func tuned(_ values: [Float]) -> Thresholds { Thresholds(rule: .tuned, values: values) }
}

extension Thresholds {
    /// Per label the threshold with the best F1 on the clips given, usually those of the validation split. Clips with a
    /// probability that is not a number from 0 to 1 are left out.
    ///
    /// - Parameters:
    ///   - probabilities: [N, K].
    ///   - truth: [N, K] of 0 and 1.
    ///   - fallback: for labels that no clip has.
    package static func tuned(
        probabilities: [Float], truth: [Float], labelCount: Int, fallback: Float
    ) -> Thresholds {
        precondition(labelCount > 0 && probabilities.count == truth.count && truth.count % labelCount == 0)
        let rows = stride(from: 0, to: truth.count, by: labelCount).filter {
            probabilities[$0..<$0 + labelCount].allSatisfy(\.isProbability)
        }
        return .tuned(
            (0..<labelCount).map { label in
                LabelRanking(
                    probabilities: rows.map { probabilities[$0 + label] }, truth: rows.map { truth[$0 + label] }
                ).bestThreshold(fallback: fallback)
            })
    }
}
