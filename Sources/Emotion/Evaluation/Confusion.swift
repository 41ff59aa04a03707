/// Decisions counted by what was predicted and what is true.
struct Confusion: Sendable {
    var truePositives = 0
    var falsePositives = 0
    var falseNegatives = 0

    mutating func add(predicted: Bool, actual: Bool) {
        switch (predicted, actual) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): break
        }
    }

    mutating func add(_ other: Confusion) {
        truePositives += other.truePositives
        falsePositives += other.falsePositives
        falseNegatives += other.falseNegatives
    }

    /// Clips that have the label, and those for which it is predicted.
    var actual: Int { truePositives + falseNegatives }
    var predicted: Int { truePositives + falsePositives }

    var precision: Double { Self.ratio(truePositives, predicted) }
    var recall: Double { Self.ratio(truePositives, actual) }
    var f1: Double { Self.ratio(2 * truePositives, actual + predicted) }

    private static func ratio(_ part: Int, _ whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }
}
