/// What the cells of a study came to over the seeds: `results.json`.
package struct StudySummary: Sendable {
    /// A cell: the paper's metrics on the test split.
    package struct Row: Sendable {
        package let cell: Study.Cell
        /// In the order of the seeds.
        package let results: [StudyRun.Result]
        /// Of the micro F1 less that of the first cell with the same seed; nil for the first cell itself.
        package let difference: Statistic?

        package func statistic(_ metric: Hyperparameters.SelectionMetric) -> Statistic {
            Statistic(results.map { metric.value($0.test) })
        }
    }

    package let study: Study
    package let data: StudyData
    package let seeds: [UInt64]
    package let rows: [Row]

    /// The columns of the paper's tables.
    static let metrics: [Hyperparameters.SelectionMetric] = [.accuracy, .hammingLoss, .microF1, .macroF1]

    /// - Parameter results: of each cell, over the same seeds, at least one.
    init(study: Study, data: StudyData, results: [[StudyRun.Result]]) {
        let seeds = results[0].map(\.seed)
        precondition(
            results.count == study.cells.count && results.allSatisfy { $0.map(\.seed) == seeds },
            "every cell has a result for every seed")
        self.study = study
        self.data = data
        self.seeds = seeds
        rows = zip(study.cells, results).enumerated().map { index, row in
            let differences = zip(row.1, results[0]).map { $0.test.microF1 - $1.test.microF1 }
            return Row(cell: row.0, results: row.1, difference: index == 0 ? nil : Statistic(differences))
        }
    }

    /// What the base of the study changes in the recipe `paper`.
    var changes: [String: HyperparameterValue] {
        let paper = Recipe.paper.hyperparameters.values
        return study.base.values.filter { paper[$0.key] != $0.value }
    }
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
        case name, comment, hyperparameters, test, runs
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
    }
}
