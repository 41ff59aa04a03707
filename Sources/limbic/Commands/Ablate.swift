import ArgumentParser
import Emotion
import Studies
import Engine
import Foundation

/// `limbic ablate`: trains variants of a model over several seeds and compares them.
struct Ablate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train variants of a model over several seeds and compare them on the test split.",
        discussion: """
            Studies of the paper: table2 (without each part), mask-ratio (figure 4a), app-modules (figure 4b) and \
            training-curves (figure 5). Every run is a file in --out; the same command goes on where it was stopped, in \
            the middle of a run from its last checkpoint, and with other seeds it adds these. At the end results.md and results.json are there, over all seeds that every \
            cell was run with, and a drawing. A run that diverges is kept as such and left out of the numbers.

            A file for --cells: [{"name": "full", "hyperparameters": {}}, {"name": "bare", "hyperparameters": \
            {"atm": "off", "app": "off"}}]. The first cell is what the others are compared with. \
            `limbic help train` lists the hyperparameters.
            """
    )

    @Option(help: "Directory with train, valid and test splits and perhaps meta.json.")
    var data: String

    @Option(help: "Directory for the runs and the results; new, empty or of the same study.")
    var out: String

    @Option(help: "A study of the paper.")
    var study: Study.Published?

    @Option(help: "JSON file with cells of your own.")
    var cells: String?

    @Option(help: "Seeds of the runs of each cell, with commas.")
    var seeds = Seeds(values: [1, 2, 3, 4, 5])

    @OptionGroup(title: "Hyperparameters of all cells") var hyperparameters: HyperparameterOptions

    @OptionGroup var threads: ThreadsOption

    @OptionGroup var checkpoints: CheckpointOptions

    func validate() throws {
        if (study == nil) == (cells == nil) { throw ValidationError("give either --study or --cells") }
    }

    func run() throws {
        try Failure.reporting {
            let base = try hyperparameters.value()
            try Paths.requireDirectory(data)
            var options = SplitOptions()
            options.replaceNonfinite = base.replaceNonfinite
            let dataset = try DatasetDirectory(path: data, options: options)
            let study = try study(of: dataset, base: base)
            try study.check(labels: dataset.labels, modalities: dataset.modalities)
            try threads.apply()
            try requireOutput()
            let training = try StudyTraining(dataset)
            var directory = try StudyDirectory(path: out, study: study, data: training.data)
            try complete(&directory, of: study, training)
            let summary = try directory.finish()
            try StandardOutput.write(summary.markdown)
            if let divergence = summary.divergence { StandardError.write("limbic: \(divergence)\n") }
        }
    }

    private func study(of dataset: DatasetDirectory, base: Hyperparameters) throws -> Study {
        if let study { return try Study(study, modalities: dataset.modalities.map(\.name), base: base) }
        guard let cells else { preconditionFailure("arguments were validated") }
        try Paths.requireFile(cells)
        return try Study(cells: Data(contentsOf: URL(filePath: cells)), base: base)
    }

    /// Finds out before the work whether the results can be written, and that nothing else lies there.
    private func requireOutput() throws {
        let isStudy = Paths.isDirectory("\(out)/\(StudyDirectory.runsName)")
        let contents = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
        guard isStudy || contents.isEmpty else {
            throw Failure(.usage, "--out \(out): holds something else than a study; take another directory")
        }
        _ = try OutputDirectory(out, force: true)
    }

    private func complete(
        _ directory: inout StudyDirectory, of study: Study, _ training: StudyTraining
    ) throws {
        let interruption = Interruption()
        var progress = StudyProgress(
            cells: study.cells.map(\.name),
            runs: directory.missing(seeds: seeds.values).count,
            all: study.cells.count * seeds.values.count
        )
        defer { progress.end() }
        try directory.complete(seeds: seeds.values) { cell, seed in
            progress.begin(cell.name, seed: seed)
            let checkpoints = StudyTraining.Checkpoints(
                path: StudyDirectory.checkpoints(in: out, of: cell.name, seed: seed),
                policy: checkpoints.policy,
                stop: {
                    interruption.failure(
                        "in cell \(cell.name), seed \(seed); finished runs are in \(out), and the same command goes on")
                },
                warn: { StandardError.write("limbic: warning: \($0)\n") }
            )
            let outcome = try training.run(cell, of: study, seed: seed, checkpoints: checkpoints) { event in
                progress.observe(event)
            }
            progress.finish(outcome)
            return outcome
        }
    }
}

extension Ablate {
    /// Distinct seeds as given to --seeds.
    struct Seeds: ExpressibleByArgument {
        let values: [UInt64]

        init(values: [UInt64]) { self.values = values }

        init?(argument: String) {
            let words = argument.split(separator: ",", omittingEmptySubsequences: false)
            values = words.compactMap { UInt64($0) }
            guard values.count == words.count, Set(values).count == values.count else { return nil }
        }

        var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
    }
}

extension Study.Published: ExpressibleByArgument {}
