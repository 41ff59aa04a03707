/// The clips of one label from the most to the least probable, from which the metrics without a threshold follow.
struct LabelRanking {
    /// Clips that share a probability, in the ranking a group that cannot be told apart.
    struct Group: Equatable {
        let probability: Float
        var positives: Int
        var negatives: Int
    }

    /// By falling probability; nil when one is not a number from 0 to 1.
    let groups: [Group]?
    private let positives: Int
    private let negatives: Int

    /// - Parameter truth: 0 or 1 for each probability.
    init(probabilities: [Float], truth: [Float]) {
        precondition(probabilities.count == truth.count, "one probability per clip")
        positives = truth.reduce(0) { $0 + ($1 > 0.5 ? 1 : 0) }
        negatives = truth.count - positives
        guard probabilities.allSatisfy(\.isProbability) else {
            groups = nil
            return
        }
        var groups: [Group] = []
        for index in probabilities.indices.sorted(by: { probabilities[$0] > probabilities[$1] }) {
            if groups.last?.probability != probabilities[index] {
                groups.append(Group(probability: probabilities[index], positives: 0, negatives: 0))
            }
            if truth[index] > 0.5 {
                groups[groups.count - 1].positives += 1
            } else {
                groups[groups.count - 1].negatives += 1
            }
        }
        self.groups = groups
    }

    static let notComputable = "a clip cannot be computed"

    /// Why neither the area nor the average precision is defined; nil when both are.
    var undefined: String? {
        if groups == nil { return Self.notComputable }
        if positives == 0 { return "no positive clip" }
        return negatives == 0 ? "no negative clip" : nil
    }

    /// The chance that a positive clip is more probable than a negative one, where a tie counts half.
    var areaUnderCurve: Double? {
        guard let groups, positives > 0, negatives > 0 else { return nil }
        var area = 0.0
        var below = Double(negatives)
        for group in groups {
            below -= Double(group.negatives)
            area += Double(group.positives) * (below + Double(group.negatives) / 2)
        }
        return area / (Double(positives) * Double(negatives))
    }

    /// Σ (recallₙ − recallₙ₋₁)·precisionₙ over the distinct probabilities from the top, not interpolated.
    var averagePrecision: Double? {
        guard let groups, positives > 0, negatives > 0 else { return nil }
        var sum = 0.0
        var hits = 0
        var seen = 0
        for group in groups {
            hits += group.positives
            seen += group.positives + group.negatives
            sum += Double(group.positives) * Double(hits) / Double(seen)
        }
        return sum / Double(positives)
    }

    /// Clips whose probabilities are in one of the parts of equal width that [0, 1] is cut into.
    struct Bin: Equatable {
        var clips = 0
        var positives = 0
        /// The sum over the clips.
        var probability = 0.0
    }

    private static let binCount = 15

    /// From the least probable on, those without clips too; nil where ``groups`` is.
    var bins: [Bin]? {
        guard let groups else { return nil }
        var bins = [Bin](repeating: Bin(), count: Self.binCount)
        for group in groups {
            let scaled = (Double(group.probability) * Double(Self.binCount)).rounded(.down)
            let index = Int(min(max(scaled, 0), Double(Self.binCount - 1)))
            let clips = group.positives + group.negatives
            bins[index].clips += clips
            bins[index].positives += group.positives
            bins[index].probability += Double(clips) * Double(group.probability)
        }
        return bins
    }

    /// |share of positives − mean probability| per bin, weighted by the clips in the bin (Guo et al., On calibration of
    /// modern neural networks, 2017, equation 3, for the probability of the positive outcome).
    var expectedCalibrationError: Double? {
        guard let bins, positives + negatives > 0 else { return nil }
        return bins.reduce(0) { $0 + abs(Double($1.positives) - $1.probability) } / Double(positives + negatives)
    }

    /// The threshold with the best F1 when every probability at or above it counts as predicted; of equally good ones the
    /// one closest to `fallback`, which is also the answer when nothing is to be gained: without a positive clip.
    ///
    /// Candidates lie halfway between neighbouring probabilities, `fallback` is one of them.
    func bestThreshold(fallback: Float) -> Float {
        guard let groups, positives > 0 else { return fallback }
        var best = fallback
        var confusion = Confusion(falseNegatives: positives)
        for group in groups where group.probability >= fallback {
            confusion.truePositives += group.positives
            confusion.falsePositives += group.negatives
            confusion.falseNegatives -= group.positives
        }
        var bestF1 = confusion.f1
        confusion = Confusion(falseNegatives: positives)
        for (position, group) in groups.enumerated() {
            confusion.truePositives += group.positives
            confusion.falsePositives += group.negatives
            confusion.falseNegatives -= group.positives
            let below = position + 1 < groups.count ? groups[position + 1].probability : 0
            let middle = below + (group.probability - below) / 2
            let threshold = middle > below ? middle : group.probability
            let better = confusion.f1 > bestF1
            if better || (confusion.f1 == bestF1 && abs(threshold - fallback) < abs(best - fallback)) {
                best = threshold
                bestF1 = confusion.f1
            }
        }
        return best
    }
}

extension Float {
    /// From 0 to 1, and so not NaN.
    var isProbability: Bool { (0...1).contains(self) }
}
