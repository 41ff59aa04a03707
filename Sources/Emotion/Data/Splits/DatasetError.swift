/// One thing that is wrong with a split.
package struct SplitProblem: Codable, Sendable, Equatable {
    /// Which clip, from 0; nil when the whole field or file is meant.
    package let row: Int?
    /// The name of an array, of a modality, or a member such as `labels`; with a position in brackets where one is known.
    package let field: String
    package let reason: String
    /// How many problems of one cause this sums up; nil for a single one. Those that follow it are examples.
    package let count: Int?

    package init(row: Int? = nil, field: String, reason: String, count: Int? = nil) {
        self.row = row
        self.field = field
        self.reason = reason
        self.count = count
    }

    /// Clip, field and reason in a line.
    package var description: String { "\(row.map { "clip \($0), " } ?? "")\(field): \(reason)" }
}

/// A data set or one file of it cannot be used.
package struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name of the file, without the directories it lies in.
    package let file: String
    /// The first problems found, at least one.
    package let problems: [SplitProblem]
    /// How many there are in all.
    package let problemCount: Int

    package init(file: String, problems: [SplitProblem], problemCount: Int? = nil) {
        self.file = file
        self.problems = problems
        self.problemCount = problemCount ?? problems.count
    }

    package init(file: String, field: String, reason: String) {
        self.init(file: file, problems: [SplitProblem(field: field, reason: reason)])
    }

    /// One line: file, clip, field, reason of the first problem, and how many more there are.
    package var description: String {
        guard let first = problems.first else { return "\(file): cannot be used" }
        let more = problemCount - (first.count ?? 1)
        return "\(file): \(first.description)" + (more > 0 ? " (and \(more) more)" : "")
    }
}
