import Emotion
import Foundation

extension StudySummary {
    /// `results.md`: a row per cell, with percentages where the paper has them.
    package var markdown: String {
        var lines = ["# Study \(study.name)", "", description, ""]
        lines.append("| | Acc (%) | HL | miF1 (%) | maF1 (%) | Δ miF1 | t |")
        lines.append("|---|---|---|---|---|---|---|")
        for row in rows { lines.append("| " + words(of: row).joined(separator: " | ") + " |") }
        let comments = rows.compactMap { row in row.cell.comment.map { "* \(Self.escaped(row.cell.name)): \($0)" } }
        if !comments.isEmpty { lines += [""] + comments }
        return lines.joined(separator: "\n") + "\n"
    }

    private var description: String {
        let modalities = data.modalities.map { "\($0.name) (\($0.featureSize))" }.joined(separator: ", ")
        let changes = changes.sorted { $0.key < $1.key }.map { "`\($0.key)` \($0.value)" }.joined(separator: ", ")
        let names = seeds.map(String.init).joined(separator: ", ")
        return """
            Data set \(Self.escaped(data.name)): \(data.train) clips for training, \(data.validation) for validation, \
            \(data.test) for testing; \(modalities); \(data.labels.count) labels. Hyperparameters of all cells: the \
            recipe `paper`\(changes.isEmpty ? "" : " with \(changes)").

            On the test split, of the epoch with the best `\(study.base.selectBy.rawValue)` on the validation split: mean \
            \(seeds.count > 1 ? "± sample standard deviation " : "")over n = \(seeds.count) \
            seed\(seeds.count > 1 ? "s" : "") (\(names)). Δ miF1: difference in micro F1 from the first row with the \
            same seeds, in percentage points; t: its mean over its standard error, with n − 1 degrees of freedom. \
            Threshold \(study.base.threshold) where a cell sets no other; Acc counts 0 for a clip without labels for which none is \
            predicted (an empty union), and maF1 0 for a label that neither occurs nor is predicted.\
            \(divergence == nil ? "" : Self.leavingOut)
            """
    }

    /// What the table does with runs that diverged.
    private static let leavingOut =
        " Where runs diverged, as their loss, gradient, parameters or answers were no longer finite, the numbers are over the other seeds, and "
        + "differences over those with which neither of both rows diverged."

    private func words(of row: Row) -> [String] {
        let values = Self.metrics.map { metric in
            metric == .hammingLoss
                ? Self.text(row.statistic(metric), scale: 1, format: "%.4f")
                : Self.text(row.statistic(metric), scale: 100, format: "%.2f")
        }
        let difference = row.difference.map { Self.text($0, scale: 100, format: "%+.2f") } ?? ""
        let t = row.difference?.t.map { String(format: "%+.2f", $0) } ?? ""
        let mark = row.divergedSeeds.map { ", diverged (\($0))" } ?? ""
        return [Self.escaped(row.cell.name) + mark] + values + [difference, t]
    }

    private static func text(_ statistic: Statistic?, scale: Double, format: String) -> String {
        guard let statistic else { return "–" }
        let mean = String(format: format, statistic.mean * scale)
        // A deviation has no sign.
        let plain = format.replacing("+", with: "")
        return statistic.deviation.map { "\(mean) ± " + String(format: plain, $0 * scale) } ?? mean
    }

    /// Names are a user's, and a bar would end a cell of the table.
    private static func escaped(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}
