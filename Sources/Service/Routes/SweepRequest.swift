import Emotion
import Foundation
import Jobs
import JSON
import Studies

/// The body of `POST /v1/sweeps`: what jobs have in common, and how they differ.
struct SweepRequest {
    /// How cells differ.
    private enum Choice {
        case grid([Study.Axis])
        case cells([Study.Combination])
        case study(Study.Published)
    }

    /// The most jobs of a sweep.
    static let jobLimit = 10_000

    private static let seedsField = Field<[Int]>.integers(
        "seeds", 0...Int.max, count: 1...jobLimit, "Of the random numbers; each cell is trained with each of them")
    private static let gridField = Field<JSONValue?>.optionalValue("grid", Hyperparameters.gridSchema)
    private static let studyField = Field<Study.Published?>.optionalWord("study", "A study of the paper")
    private static let cellsField = Field<JSONValue?>.optionalValue(
        "cells",
        .array(
            of: .object([nameField.member, settingsField.member]), count: 1...jobLimit,
            "Cells of one's own, of which the others are compared with the first"))
    private static let nameField = Field.string("name", length: 1...200, "What it is called in the results")
    private static let settingsField = Field<JSONValue?>.optionalValue(
        "hyperparameters", Hyperparameters.settingSchema)
    private static let modelsField = Field.flag(
        "keep_models", default: false,
        "Whether each job makes a version of the model; else it has its result, and its checkpoints can be promoted")

    static let schema = Schema.object(
        JobRequest.sharedMembers + [
            seedsField.member, gridField.member, studyField.member, cellsField.member, modelsField.member,
        ], "One of grid, study and cells says how the jobs differ"
    ).named("SweepRequest")

    /// What all jobs have in common. Its seed says nothing.
    private(set) var job: JobRequest
    private let seeds: [UInt64]
    private let keepsModels: Bool
    private let choice: Choice

    /// - Parameter values: that ``schema`` has passed.
    /// - Throws: ``Problem`` about members that do not go together.
    init(_ values: Values) throws(Problem) {
        job = try JobRequest(values)
        let seeds = values[Self.seedsField]
        var errors = FieldErrors()
        var known: Set<Int> = []
        for (index, seed) in seeds.enumerated() where !known.insert(seed).inserted {
            errors.add("/seeds/\(index)", "\(seed) comes twice")
        }
        self.seeds = seeds.map { UInt64($0) }
        keepsModels = values[Self.modelsField]
        switch (values[Self.gridField], values[Self.cellsField], values[Self.studyField]) {
        case (let grid?, nil, nil): choice = .grid(Self.axes(grid, &errors))
        case (nil, let cells?, nil): choice = .cells(Self.cells(cells, &errors))
        case (nil, nil, let study?): choice = .study(study)
        default:
            errors.add("", "must have one of grid, study and cells")
            choice = .cells([])
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        try checkCount()
    }

    private static func axes(_ grid: JSONValue, _ errors: inout FieldErrors) -> [Study.Axis] {
        if grid.members.isEmpty { errors.add("/grid", "must have a hyperparameter") }
        return Hyperparameters.fields.compactMap { field in
            guard let values = grid.members[field.name]?.elements else { return nil }
            let axis = Study.Axis(field.name, values.compactMap { HyperparameterValue($0) })
            var labels: Set<String> = []
            for (index, value) in axis.values.enumerated() where !labels.insert(value.label).inserted {
                errors.add("/grid/\(field.name)/\(index)", "\(value.label.quoted) comes twice")
            }
            return axis
        }
    }

    private static func cells(_ cells: JSONValue, _ errors: inout FieldErrors) -> [Study.Combination] {
        var names: Set<String> = []
        return cells.elements.enumerated().map { index, cell in
            let cell = Values(cell)
            let name = cell[nameField]
            if !names.insert(name).inserted { errors.add("/cells/\(index)/name", "\(name.quoted) comes twice") }
            let settings = cell[settingsField]?.members ?? [:]
            return (name, settings.compactMapValues { HyperparameterValue($0) })
        }
    }

    /// Before the cells of a grid are made, which may be more than there is memory for.
    private func checkCount() throws(Problem) {
        let factors: [Int] =
            switch choice {
            case .grid(let axes): axes.map(\.values.count)
            case .cells(let cells): [cells.count]
            case .study: []
            }
        try checkCount(factors.reduce(Double(seeds.count)) { $0 * Double($1) })
    }

    private func checkCount(_ jobs: Double) throws(Problem) {
        guard jobs <= Double(Self.jobLimit) else {
            throw .invalid(root, "makes more than \(Self.jobLimit) jobs with \(seeds.count) seeds")
        }
    }

    /// Takes over what the data set says and the request does not.
    mutating func adopt(_ schema: DatasetSchema) { job.adopt(schema) }

    /// The cells, each of which is checked by itself.
    ///
    /// - Parameter modalities: names of those of the data.
    /// - Throws: ``Problem`` that says where in the request a value is that does not go together with others.
    func study(modalities: [String]) throws(Problem) -> Study {
        let base = job.document.hyperparameters
        let combinations: [Study.Combination]
        switch choice {
        case .study(let published):
            let study: Study
            do throws(CellError) { study = try Study(published, modalities: modalities, base: base) } catch {
                throw .invalid(root, error.description)
            }
            try checkCount(Double(seeds.count) * Double(study.cells.count))
            return study
        case .grid(let axes): combinations = Study.grid(axes)
        case .cells(let cells): combinations = cells
        }
        var faults = SweepFaults(of: self)
        var cells: [Study.Cell] = []
        for (index, combination) in combinations.enumerated() {
            do throws(CellError) {
                cells.append(try Study.Cell(combination.name, combination.settings, base: base))
            } catch {
                faults.add(error.field, error.reason, cell: index, named: error.cell)
            }
        }
        try faults.check()
        return Study(base: base, cells: cells)
    }

    /// Where the request says what a hyperparameter of a cell is.
    func pointer(to field: String, ofCell cell: Int) -> String {
        switch choice {
        case .grid(let axes):
            if let axis = axes.firstIndex(where: { $0.name == field }) {
                return "/grid/\(field)/\(Study.place(ofCell: cell, in: axes)[axis])"
            }
        case .cells(let cells):
            if cells[cell].settings[field] != nil { return "/cells/\(cell)/hyperparameters/\(field)" }
        case .study:
            return root
        }
        return "/hyperparameters/\(field)"
    }

    private var root: String {
        switch choice {
        case .grid: "/grid"
        case .cells: "/cells"
        case .study: "/study"
        }
    }

    /// The sweep to be made. A job of each cell comes before the second one of any, so that cells can be compared early.
    func submission(_ study: Study, _ idempotency: JobSubmission.Idempotency?) throws -> SweepSubmission {
        let document = SweepDocument(
            dataset: job.dataset,
            model: job.model,
            recipe: job.document.recipe,
            study: study.published?.rawValue,
            hyperparameters: study.base,
            seeds: seeds,
            keepsModels: keepsModels,
            cells: study.cells.map {
                SweepDocument.Cell(name: $0.name, comment: $0.comment, hyperparameters: $0.settings)
            }
        )
        let jobs = try seeds.flatMap { seed in
            try study.cells.enumerated().map { index, cell in
                var document = job.document
                (document.seed, document.hyperparameters) = (seed, cell.hyperparameters)
                (document.cell, document.keepsModel) = (cell.name, keepsModels)
                return (submission: try job.submission(document), cell: index)
            }
        }
        return SweepSubmission(
            document: try JSONEncoder().encode(document), dataset: job.dataset, jobs: jobs, idempotency: idempotency)
    }
}
