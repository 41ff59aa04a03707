/// What the area under the curve and the calibration error of a label sum up, to be drawn.
package struct LabelCurves: Codable, Sendable, Equatable {
    /// What comes of a threshold.
    package struct OperatingPoint: Codable, Sendable, Equatable {
        /// nil for one that nothing reaches.
        package let threshold: Double?
        /// Predicted among the clips without the label.
        package let falsePositiveRate: Double
        /// Predicted among those with it.
        package let truePositiveRate: Double
    }

    /// Clips of about the same probability.
    package struct Bin: Codable, Sendable, Equatable {
        package let clips: Int
        /// The mean over the clips.
        package let probability: Double
        /// The share of the clips that have the label.
        package let frequency: Double
    }

    /// The most points of ``roc``; a longer course is thinned.
    static let pointLimit = 200

    package let label: String
    /// By falling threshold, from (0, 0) to (1, 1); empty where all clips have the label, or none, or one cannot be computed.
    package let roc: [OperatingPoint]
    /// From the least probable on; empty where a clip cannot be computed.
    package let reliability: [Bin]

    init(_ ranking: LabelRanking, label: String) {
        self.label = label
        roc = Self.roc(ranking)
        reliability = (ranking.bins ?? []).filter { $0.clips > 0 }.map {
            let clips = Double($0.clips)
            return Bin(clips: $0.clips, probability: $0.probability / clips, frequency: Double($0.positives) / clips)
        }
    }

    private static func roc(_ ranking: LabelRanking) -> [OperatingPoint] {
        guard ranking.undefined == nil, let groups = ranking.groups else { return [] }
        let negatives = Double(groups.reduce(0) { $0 + $1.negatives })
        let positives = Double(groups.reduce(0) { $0 + $1.positives })
        let stride = (groups.count + pointLimit - 2) / (pointLimit - 1)
        var points = [OperatingPoint(threshold: nil, falsePositiveRate: 0, truePositiveRate: 0)]
        var (wrong, right) = (0, 0)
        for (index, group) in groups.enumerated() {
            wrong += group.negatives
            right += group.positives
            guard (index + 1) % stride == 0 || index + 1 == groups.count else { continue }
            points.append(
                OperatingPoint(
                    threshold: Double(group.probability), falsePositiveRate: Double(wrong) / negatives,
                    truePositiveRate: Double(right) / positives))
        }
        return points
    }

    /// Those of all labels.
    ///
    /// - Parameters:
    ///   - probabilities: [N, K], row-major.
    ///   - truth: [N, K], 0 or 1.
    package static func all(probabilities: [Float], truth: [Float], labels: [String]) -> [LabelCurves] {
        labels.enumerated().map { index, label in
            let places = Swift.stride(from: index, to: probabilities.count, by: labels.count)
            return LabelCurves(
                LabelRanking(probabilities: places.map { probabilities[$0] }, truth: places.map { truth[$0] }),
                label: label)
        }
    }
}
