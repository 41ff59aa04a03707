/// Collects what is wrong with a split: the first ones in full, the others as a number.
struct SplitProblems {
    private(set) var listed: [SplitProblem] = []
    private(set) var count = 0
    private let limit: Int

    init(limit: Int) { self.limit = max(limit, 1) }

    var isEmpty: Bool { count == 0 }

    mutating func add(row: Int? = nil, _ field: String, _ reason: String) {
        count += 1
        if listed.count < limit { listed.append(SplitProblem(row: row, field: field, reason: reason)) }
    }

    mutating func add(_ error: NPZError) {
        add(error.entry ?? "file", error.reason)
    }
}
