import Emotion
import Jobs

/// A sweep as clients see it.
struct SweepView: Encodable {
    struct Job: Encodable {
        let id: String
        let seed: Int64?
        let status: String
    }

    struct Cell: Encodable {
        let name: String
        let comment: String?
        /// What sets it apart from the others.
        let hyperparameters: [String: HyperparameterValue]
        let jobs: [Job]
        /// Jobs that have succeeded, over which the figures are.
        let n: Int
        let metrics: [String: [String: SweepComparison.Figure]]
        let differences: [String: [String: SweepComparison.Figure]]
    }

    private enum Status: String, Encodable, CaseIterable {
        /// Some of its jobs are not over.
        case active
        case over
    }

    private let object = "sweep"
    private let id: String
    private let status: Status
    private let dataset: String
    private let model: String
    private let recipe: String
    private let study: String?
    private let hyperparameters: Hyperparameters
    private let seeds: [UInt64]
    private let keepModels: Bool
    /// How many there are in each state, and together.
    private let jobs: [String: Int]
    /// nil in lists.
    private let cells: [Cell]?
    private let createdAt: Timestamp

    /// - Parameter jobs: all of the sweep; nil for a view without cells.
    init(_ record: SweepRecord, jobs: [SweepJob]? = nil) throws {
        let sweep = try record.specification
        id = record.id
        status = record.isOver ? .over : .active
        dataset = sweep.dataset
        model = sweep.model
        recipe = sweep.recipe
        study = sweep.study
        hyperparameters = sweep.hyperparameters
        seeds = sweep.seeds
        keepModels = sweep.keepsModels
        var counts = Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0.rawValue, record.counts[$0] ?? 0) })
        counts["total"] = record.counts.values.reduce(0, +)
        self.jobs = counts
        cells = jobs.map { Self.cells(sweep, $0) }
        createdAt = Timestamp(record.createdAt)
    }

    private static func cells(_ sweep: SweepDocument, _ jobs: [SweepJob]) -> [Cell] {
        let jobs = Dictionary(grouping: jobs, by: \.cell)
        let runs = sweep.cells.indices.map { cell in
            let succeeded = (jobs[cell] ?? []).filter { $0.state == .succeeded }
            return Dictionary(
                succeeded.compactMap { job in job.seed.map { (UInt64($0), job) } },
                uniquingKeysWith: { first, _ in first })
        }
        return sweep.cells.enumerated().map { index, cell in
            let comparison = SweepComparison(runs[index], with: index == 0 ? nil : runs[0], seeds: sweep.seeds)
            return Cell(
                name: cell.name,
                comment: cell.comment,
                hyperparameters: cell.hyperparameters,
                jobs: (jobs[index] ?? []).map { Job(id: $0.id, seed: $0.seed, status: $0.state.rawValue) },
                n: runs[index].count,
                metrics: comparison.metrics,
                differences: comparison.differences
            )
        }
    }
}

extension SweepView {
    static let schema = Schema.object([
        .init("object", .words(["sweep"])),
        .init("id", .string()),
        .init("status", .words(Status.allCases.map(\.rawValue), "Over when all of its jobs are")),
        .init("dataset", .string("The id of the data set")),
        .init("model", .string("The model that gets versions")),
        .init("recipe", .string()),
        .init("study", .string("The study of the paper"), isRequired: false),
        .init("hyperparameters", Hyperparameters.schema),
        .init("seeds", .array(of: .integer(0...Int.max))),
        .init("keep_models", Schema(.boolean, "Whether its jobs make versions of the model")),
        .init("jobs", .dictionary(of: .integer(0...Int.max), "How many there are by status, and in total")),
        .init("cells", .array(of: cell, "In their order; lists do not have them"), isRequired: false),
        .init("created_at", .time),
    ]).named("Sweep")

    private static let cell = Schema.object([
        .init("name", .string()),
        .init("comment", .string(), isRequired: false),
        .init("hyperparameters", .object([], others: .any, "What sets it apart from the others")),
        .init("jobs", .array(of: job)),
        .init("n", .integer(0...Int.max, "Jobs that have succeeded, over which the figures are")),
        .init("metrics", figures("Over the seeds, by split, valid or test, and metric")),
        .init("differences", figures("The same less the first cell with the same seed, with Student's t")),
    ]).named("SweepCell")

    private static let job = Schema.object([
        .init("id", .string()),
        .init("seed", .integer(0...Int.max), isRequired: false),
        .init("status", .words(JobState.allCases.map(\.rawValue))),
    ])

    private static func figures(_ summary: String) -> Schema {
        .dictionary(of: .dictionary(of: figure), summary)
    }

    private static let figure = Schema.object([
        .init("n", .integer(1...Int.max)),
        .init("mean", .number()),
        .init("deviation", .number(0...Double.infinity, "With n − 1 in the divisor"), isRequired: false),
        .init("t", .number(), isRequired: false),
    ]).named("SweepFigure")
}
