import ArgumentParser
import Emotion
import Engine
import Foundation

/// `limbic train`: trains on a data set directory without the service.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model on a directory with train, valid and perhaps test splits.",
        discussion: """
            Progress goes to standard error, the metrics of the kept epoch to standard output. While it runs, the state \
            of the training is saved in --out/checkpoints, and once more when Ctrl-C or SIGTERM stops it: the same command \
            with --resume goes on from there, to the same model.

            Hyperparameters for --set:
            \(Hyperparameters.fields.map { "  \($0.name): \($0.summary) (\($0.domain))" }.joined(separator: "\n"))
            """
    )

    @Option(help: "Directory with train.npz, valid.npz and perhaps test.npz and meta.json.")
    var data: String

    @Option(help: "Directory for the model; must be new or empty.")
    var out: String

    @OptionGroup var hyperparameters: HyperparameterOptions

    @Option(help: "Seed of all random numbers: the same seed gives the same model.")
    var seed: UInt64 = 0

    @OptionGroup var threads: ThreadsOption

    @OptionGroup var checkpoints: CheckpointOptions

    @Flag(help: "Go on from the newest checkpoint in --out; without one, begin.")
    var resume = false

    @Option(help: "Stop after this many epochs without a better select_by metric.")
    var patience: Int?

    @Flag(help: "Write to --out even if it is not empty.")
    var force = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        if let patience, patience < 1 { throw ValidationError("--patience \(patience) is not positive") }
    }

    func run() throws {
        try Failure.reporting {
            let hyperparameters = try self.hyperparameters.value()
            try Paths.requireDirectory(data)
            var options = SplitOptions()
            options.replaceNonfinite = hyperparameters.replaceNonfinite
            let dataset = try DatasetDirectory(path: data, options: options)
            let train = try read(.train, of: dataset)
            let valid = try read(.valid, of: dataset)
            let test = dataset.splits.contains(.test) ? try read(.test, of: dataset) : nil
            let configuration = ModelConfiguration(
                labels: dataset.labels,
                modalities: dataset.modalities,
                hyperparameters: hyperparameters
            )
            if let fault = configuration.fault {
                throw DatasetError(file: dataset.name, field: fault.field, reason: fault.reason)
            }
            try threads.apply()
            let output = try outputDirectory()
            try output.filled {
                CheckpointDirectory.holdsCheckpoints(checkpointPath)
            } _: {
                let training = Training(
                    configuration: configuration,
                    train: train,
                    validation: valid,
                    seed: seed,
                    earlyStopping: patience.map { .init(metric: hyperparameters.selectBy, patience: $0) }
                )
                let model = try self.train(training, test: test)
                try ModelDirectory.write(model, to: output.path)
                try CheckpointDirectory.remove(checkpointPath)
                for warning in model.configuration.training?.warnings ?? [] {
                    StandardError.write("limbic: warning: \(warning.detail)\n")
                }
                try StandardOutput.write(summary(of: model))
            }
        }
    }

    private var checkpointPath: String { "\(out)/checkpoints" }

    private func outputDirectory() throws -> OutputDirectory {
        if !resume, !force, CheckpointDirectory.holdsCheckpoints(checkpointPath) {
            throw Failure(
                .usage,
                "--out \(out): holds checkpoints of a training; --resume goes on with it, --force begins another one")
        }
        let output = try OutputDirectory(out, force: force || resume && Paths.isDirectory(checkpointPath))
        if !resume { try CheckpointDirectory.remove(checkpointPath) }
        return output
    }

    /// A split, with its warnings told on standard error.
    private func read(_ split: DatasetDirectory.Split, of dataset: DatasetDirectory) throws -> Clips {
        let (clips, report) = try dataset.read(split)
        for warning in report.warnings where !quiet {
            StandardError.write("limbic: warning: \(split.rawValue): \(warning.detail)\n")
        }
        return clips
    }

    private func train(_ training: Training, test: Clips?) throws -> Model {
        var progress = TrainingProgress(quiet: quiet)
        let interruption = Interruption()
        var directory = CheckpointDirectory(path: checkpointPath, of: training, policy: checkpoints.policy)
        do {
            let start = resume ? try directory.newest { warn("\($0); it is passed over") } : nil
            if let start { progress.goOn(from: start) }
            var model = try training.run(from: start) { event in
                progress.observe(event)
            } checkpoint: { state in
                let stop = interruption.failure(
                    "after step \(state.steps); no model was written, the same command with --resume goes on")
                try directory.offer(state, notes: { progress.notes }, stop: stop, warn: warn)
            }
            progress.end()
            if let test { model.measure(test: test) }
            return model
        } catch {
            progress.end()
            // It would come to the same end again.
            if error is TrainingError { try? CheckpointDirectory.remove(checkpointPath) }
            throw error
        }
    }

    private func warn(_ message: String) { StandardError.write("limbic: warning: \(message)\n") }

    private func summary(of model: Model) -> String {
        guard let training = model.configuration.training, let epoch = training.bestEpoch,
            let validation = training.validation
        else { preconditionFailure("a trained model says how") }
        let columns =
            MetricsTable.columns("valid", own: validation, training.validationByThreshold)
            + (training.test.map { MetricsTable.columns("test", own: $0, training.testByThreshold) } ?? [])
        let stop = training.stoppedEarly.map { "stopped early: \($0.reason)\n" } ?? ""
        return """
            \(stop)epoch \(epoch) of \(training.epochs) kept by \(model.configuration.selectedBy ?? "-"), \
            \(training.steps) steps in \(Readable.time(training.seconds)), \
            \(model.parameters.layout.count) parameters, model in \(out)
            \(MetricsTable(labels: model.configuration.labels, columns: columns).text)
            """
    }
}
