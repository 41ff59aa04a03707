/// One thing that is wrong with a split.
package struct SplitProblem: Codable, Sendable, Equatable {
    /// Which clip, from 0; nil when the whole field or file is meant.
    package let row: Int?
    /// The name of an array, of a modality, or a member such as `labels`; with a position in brackets where one is known.
    package let field: String
    package let reason: String

    package init(row: Int? = nil, field: String, reason: String) {
        self.row = row
        self.field = field
        self.reason = reason
    }
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
        self.problemCount = max(problemCount ?? 0, problems.count)
    }

    package init(file: String, field: String, reason: String) {
        self.init(file: file, problems: [SplitProblem(field: field, reason: reason)])
    }

    /// One line: file, clip, field, reason of the first problem, and how many more there are.
    package var description: String {
        guard let first = problems.first else { return "\(file): cannot be used" }
        let place = first.row.map { "clip \($0), \(first.field)" } ?? first.field
        let more = problemCount > 1 ? " (and \(problemCount - 1) more)" : ""
        return "\(file): \(place): \(first.reason)\(more)"
    }
}
