/// Collects what is wrong with a split. Problems of one cause are summed up: how many, what to do, and the first ones as
/// examples.
struct SplitProblems {
    /// A kind of problem that comes in numbers.
    struct Cause: Hashable {
        /// What the problems are about: an array, a modality.
        let field: String
        /// What there are many of, for example `values are not finite`.
        let what: String
        /// What to do about it.
        var cure: String?
    }

    /// Problems of one cause.
    struct Group {
        let cause: Cause?
        private(set) var count = 0
        private(set) var examples: [SplitProblem] = []

        static let exampleLimit = 10

        init(_ cause: Cause?) { self.cause = cause }

        /// Counts a problem; it is put into words only when it is one of the first.
        mutating func add(row: Int? = nil, _ field: @autoclosure () -> String, _ reason: @autoclosure () -> String) {
            count += 1
            if examples.count < Self.exampleLimit {
                examples.append(SplitProblem(row: row, field: field(), reason: reason()))
            }
        }

        fileprivate mutating func merge(_ other: Group) {
            count += other.count
            examples += other.examples.prefix(Self.exampleLimit - examples.count)
        }

        /// At most `limit` problems that tell of the group.
        fileprivate func listed(limit: Int) -> [SplitProblem] {
            guard let cause else { return Array(examples.prefix(limit)) }
            let cure = cause.cure.map { "; \($0)" } ?? ""
            if let only = examples.first, count == 1 {
                return [SplitProblem(row: only.row, field: only.field, reason: only.reason + cure)]
            }
            let example = examples.first.map { ", such as \($0.description)" } ?? ""
            let reason = "\(count) \(cause.what)\(example)\(cure)"
            return [SplitProblem(field: cause.field, reason: reason, count: count)] + examples.prefix(limit - 1)
        }
    }

    private(set) var count = 0
    private var groups: [Group] = []
    private var positions: [Cause: Int] = [:]
    private let limit: Int

    init(limit: Int) { self.limit = max(limit, 1) }

    var isEmpty: Bool { count == 0 }

    mutating func add(row: Int? = nil, _ field: String, _ reason: String, cause: Cause? = nil) {
        var group = Group(cause)
        group.add(row: row, field, reason)
        add(group)
    }

    mutating func add(_ error: NPZError) { add(error.entry ?? "file", error.reason) }

    mutating func add(_ group: Group) {
        guard group.count > 0 else { return }
        count += group.count
        if let cause = group.cause, let position = positions[cause] {
            groups[position].merge(group)
        } else if groups.count < limit {
            if let cause = group.cause { positions[cause] = groups.count }
            groups.append(group)
        }
    }

    /// The problems to be told, in the order in which their causes were found.
    var listed: [SplitProblem] {
        let share = min(limit / max(groups.count, 1), Group.exampleLimit)
        return groups.flatMap { $0.listed(limit: max(share, 1)) }
    }
}
