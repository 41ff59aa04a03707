import Emotion
import Engine
import Foundation
import Jobs
import Platform

/// Does one training and tells of it: what `limbic worker` runs.
struct TrainingWorker {
    /// The server asked for the end of the training, or is gone.
    struct Stopped: Error {}

    private let task: TrainingTask
    private let stop: StopFlag
    private var output: MessageOutput
    private let verification = RowVerification()
    /// As last told.
    private var progress: JobProgress?

    init(_ task: TrainingTask, stop: StopFlag, output: MessageOutput) {
        self.task = task
        self.stop = stop
        self.output = output
    }

    /// Trains, evaluates on the test split where there is one, writes the model directory and sends the result.
    ///
    /// - Throws: ``Stopped``, `DatasetError`, `TrainingError`, and errors of the file system and of the output.
    mutating func run() throws {
        Parallel.threads = task.threads
        try GEMMBackend.load()
        let train = try read(.train)
        let validation = try read(.valid)
        let test = try task.file(of: .test).map { _ in try read(.test) }
        try send(
            "data_loaded",
            ["train": train.count, "valid": validation.count, "test": test?.count].compactMapValues(\.self)
        )
        let configuration = ModelConfiguration(
            labels: task.labels,
            modalities: task.modalities,
            hyperparameters: task.hyperparameters
        )
        let training = Training(
            configuration: configuration,
            train: train,
            validation: validation,
            seed: task.seed,
            earlyStopping: task.earlyStopping
        )
        var model: Model
        do {
            model = try training.run { event in try observe(event) }
        } catch let error as TrainingError {
            // Rows that are not those that were uploaded are the better reason.
            try verification.finish()
            throw error
        }
        try checkStop()
        if let test { model.measure(test: test) }
        try checkStop()
        try verification.finish()
        for warning in model.configuration.training?.warnings ?? [] { try send("warning", warning) }
        try ModelDirectory.write(model, to: task.output)
        for name in [ModelDirectory.weightsName, ModelDirectory.configurationName] {
            try Files.sync(task.output + "/" + name)
        }
        try Files.sync(task.output)
        // What was gathered comes before the result, which is the last word.
        try output.flush()
        try output.send(.result(document: JSONEncoder().encode(model.configuration.training)))
        try output.flush()
    }

    private func checkStop() throws {
        if stop.isRaised { throw Stopped() }
        try verification.check()
    }

    private func read(_ split: DatasetDirectory.Split) throws -> Clips {
        try checkStop()
        // Its name in the data directory is nothing a client knows.
        let name = "the \(split.rawValue) split"
        guard let file = task.file(of: split) else {
            throw DatasetError(file: name, field: "file", reason: "the data set has no such split")
        }
        guard file.contentDigest == nil else { return try map(file, named: name) }
        guard let digest = try? SHA256.digest(ofFile: file.path) else {
            throw DatasetError(file: name, field: "file", reason: "cannot be read")
        }
        guard digest == file.digest else {
            throw DatasetError(
                file: name,
                field: "file",
                reason: "is not what was uploaded: its digest is \(digest), and was \(file.digest)"
            )
        }
        var options = SplitOptions()
        options.modalities = task.modalities
        options.labels = task.labels
        // What the server allows it has checked.
        options.maximumBytes = .max
        options.replaceNonfinite = task.hyperparameters.replaceNonfinite
        do {
            return try SplitReader.read(path: file.path, options: options).clips
        } catch let error as DatasetError {
            throw DatasetError(file: name, problems: error.problems, problemCount: error.problemCount)
        }
    }

    /// The clips of a packed split, which stay in the file. Its header, and with it lengths, labels and ids, is compared with
    /// the digest now, and the rows later.
    private func map(_ file: TrainingTask.SplitFile, named name: String) throws -> Clips {
        func fault(_ reason: String) -> DatasetError { DatasetError(file: name, field: "file", reason: reason) }

        guard FileManager.default.isReadableFile(atPath: file.path) else { throw fault("cannot be read") }
        let split: PackedSplit
        do throws(DatasetError) { split = try PackedSplit(path: file.path) } catch {
            throw fault("is not what was uploaded: \(error.problems[0].description)")
        }
        guard split.contentDigest == file.contentDigest else {
            throw fault(
                "is not what was uploaded: the digest of its clips is \(split.contentDigest), "
                    + "and was \(file.contentDigest ?? "none")")
        }
        let modalities = split.clips.modalities.map { Modality(name: $0, featureSize: $1.featureSize) }
        guard Set(modalities) == Set(task.modalities), split.clips.labelCount == task.labels.count else {
            throw fault("does not have the modalities and labels of the data set")
        }
        verification.add(split, named: name)
        return split.clips
    }

    private mutating func observe(_ event: Training.Event) throws {
        try checkStop()
        switch event {
        case .step(let step):
            try send(step)
        case .epoch(let epoch, let step, let validation, let isBest):
            let metrics = [
                "valid_accuracy": validation.accuracy,
                "valid_hamming_loss": validation.hammingLoss,
                "valid_micro_f1": validation.microF1,
                "valid_macro_f1": validation.macroF1,
            ]
            for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
                try output.send(.metric(name: name, step: step, value: value))
            }
            try send("epoch", EpochReport(epoch: epoch, step: step, best: isBest, metrics: metrics))
            if var progress {
                progress.epoch = epoch
                try send(progress)
            }
        case .stoppedEarly(let stop):
            try send("early_stop", stop)
            if var progress {
                // There is no more to come than has been done.
                (progress.steps, progress.epochs) = (progress.step, progress.epoch)
                try send(progress)
            }
        }
    }

    private mutating func send(_ step: Training.Step) throws {
        let losses = step.outcome.losses
        let metrics: [(String, Double?)] = [
            ("loss_recognition", Double(losses.recognition)),
            ("loss_masked", losses.masked.map(Double.init)),
            ("loss_perturbed", losses.perturbed.map(Double.init)),
            ("learning_rate", Double(step.outcome.learningRate)),
            ("gradient_norm", Double(step.outcome.gradientNorm)),
            ("clips_per_second", step.clipsPerSecond),
        ]
        for case (let name, let value?) in metrics {
            try output.send(.metric(name: name, step: step.step, value: value))
        }
        try send(
            JobProgress(
                step: step.step,
                steps: step.steps,
                // Epochs are counted from 1 there, and here those that are done and evaluated.
                epoch: step.epoch - 1,
                epochs: step.epochs,
                clipsPerSecond: step.clipsPerSecond
            )
        )
    }

    private mutating func send(_ progress: JobProgress) throws {
        self.progress = progress
        try output.send(.progress(progress))
    }

    private mutating func send(_ kind: String, _ document: some Encodable) throws {
        try output.send(.event(kind: kind, document: JSONEncoder().encode(document)))
    }
}

/// The document of an `epoch` event.
private struct EpochReport: Encodable {
    let epoch: Int
    let step: Int
    let best: Bool
    /// Of the validation split.
    let metrics: [String: Double]
}
