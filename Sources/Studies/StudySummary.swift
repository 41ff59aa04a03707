package import Emotion
/// What the cells of a study came to over the seeds: `results.json`.
package struct StudySummary: Sendable {
    /// A cell: the paper's metrics on the test split.
    package struct Row: Sendable {
        package let cell: Study.Cell
        /// Of the runs that ended, in the order of the seeds.
        package let results: [StudyRun.Result]
        /// The runs that did not, in the order of the seeds.
        package let diverged: [StudyRun.Breakdown]
        /// Of the micro F1 less that of the first cell with the same seed, where both ended; nil for the first cell
        /// itself, and where there is no such seed.
        package let difference: Statistic?

        /// Over the runs that ended; nil when none did.
        package func statistic(_ metric: Hyperparameters.SelectionMetric) -> Statistic? {
            results.isEmpty ? nil : Statistic(results.map { metric.value($0.test) })
        }

        /// In words the seeds of the runs that diverged; nil when there are none.
        package var divergedSeeds: String? {
            diverged.isEmpty
                ? nil
                : "seed\(diverged.count > 1 ? "s" : "") \(diverged.map { String($0.seed) }.joined(separator: ", "))"
        }
    }

    package let study: Study
    package let data: StudyData
    package let seeds: [UInt64]
    package let rows: [Row]

    /// The columns of the paper's tables.
    static let metrics: [Hyperparameters.SelectionMetric] = [.accuracy, .hammingLoss, .microF1, .macroF1]

    /// - Parameter outcomes: of each cell, over the same seeds, at least one.
    init(study: Study, data: StudyData, outcomes: [[StudyRun.Outcome]]) {
        let seeds = outcomes[0].map(\.seed)
        precondition(
            !seeds.isEmpty && outcomes.count == study.cells.count && outcomes.allSatisfy { $0.map(\.seed) == seeds },
            "every cell was run with every seed")
        self.study = study
        self.data = data
        self.seeds = seeds
        rows = zip(study.cells, outcomes).enumerated().map { index, row in
            Row(
                cell: row.0,
                results: row.1.compactMap { if case .finished(let result) = $0 { result } else { nil } },
                diverged: row.1.compactMap { if case .diverged(let breakdown) = $0 { breakdown } else { nil } },
                difference: index == 0
                    ? nil : Statistic(of: row.1.map(\.testMicroF1), lessThoseOf: outcomes[0].map(\.testMicroF1))
            )
        }
    }

    /// What diverged, in one line; nil when nothing did.
    package var divergence: String? {
        let cells = rows.compactMap { row in row.divergedSeeds.map { "\(row.cell.name) (\($0))" } }
        guard !cells.isEmpty else { return nil }
        let count = rows.reduce(0) { $0 + $1.diverged.count }
        return "\(count) of \(rows.count * seeds.count) runs diverged and are left out of the numbers: "
            + cells.joined(separator: "; ")
    }

    /// What the base of the study changes in the recipe `paper`.
    var changes: [String: HyperparameterValue] {
        let paper = Recipe.paper.hyperparameters.values
        return study.base.values.filter { paper[$0.key] != $0.value }
    }
}

extension StudyRun.Outcome {
    /// nil when it diverged.
    fileprivate var testMicroF1: Double? { if case .finished(let result) = self { result.test.microF1 } else { nil } }
}

extension StudySummary: Encodable {
    private enum CodingKeys: String, CodingKey {
        case study, data, seeds, hyperparameters, cells
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(study.name, forKey: .study)
        try container.encode(data, forKey: .data)
        try container.encode(seeds, forKey: .seeds)
        try container.encode(study.base, forKey: .hyperparameters)
        try container.encode(rows, forKey: .cells)
    }
}

extension StudySummary.Row: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, comment, hyperparameters, test, runs, diverged
        case difference = "micro_f1_difference"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cell.name, forKey: .name)
        try container.encodeIfPresent(cell.comment, forKey: .comment)
        try container.encode(cell.settings, forKey: .hyperparameters)
        let test = StudySummary.metrics.map { ($0.rawValue, statistic($0)) }
        try container.encode(Dictionary(uniqueKeysWithValues: test), forKey: .test)
        try container.encodeIfPresent(difference, forKey: .difference)
        try container.encode(results, forKey: .runs)
        try container.encode(diverged, forKey: .diverged)
    }
}
