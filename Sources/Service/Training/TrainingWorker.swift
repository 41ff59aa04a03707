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
    private let output: MessageOutput
    private let fault: Fault
    private let verification = RowVerification()

    init(_ task: TrainingTask, stop: StopFlag, output: MessageOutput, fault: Fault) {
        self.task = task
        self.stop = stop
        self.output = output
        self.fault = fault
    }

    /// Trains, from the newest checkpoint that is whole, evaluates on the test split where there is one, writes the model
    /// directory and sends the result.
    ///
    /// - Throws: ``Stopped``, `DatasetError`, `TrainingError`, and errors of the file system and of the output.
    func run() throws {
        Parallel.threads = task.threads
        try GEMMBackend.load()
        let train = try read(.train)
        let validation = try read(.valid)
        let test = try task.file(of: .test).map { _ in try read(.test) }
        var report = TrainingReport(to: output)
        try report.tell(
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
            earlyStopping: task.earlyStopping,
            dataDigest: [task.file(of: .train), task.file(of: .valid)].compactMap { $0?.digest }.joined(separator: " ")
        )
        var checkpoints = WorkerCheckpoints(task, training, output: output, fault: fault)
        let start = try checkpoints.newest(telling: report)
        if let start { try report.goOn(from: start, of: training, epochs: task.hyperparameters.epochs) }
        // The one after the last step serves until the end.
        var last = start
        func checkStop() throws {
            try verification.check()
            guard stop.isRaised else { return }
            if let last { checkpoints.save(beforeStop: last) }
            throw Stopped()
        }
        var model: Model
        do {
            model = try training.run(from: start) { event in
                try report.observe(event)
                if case .step = event { fault.pass(.step) }
            } checkpoint: { state in
                var state = state
                state.notes = try report.notes()
                last = state
                try checkStop()
                try checkpoints.offer(state)
            }
        } catch let error as TrainingError {
            // Rows that are not those that were uploaded are the better reason.
            try verification.finish()
            throw error
        }
        if let test { model.measure(test: test) }
        try checkStop()
        try verification.finish()
        for warning in model.configuration.training?.warnings ?? [] { try report.tell("warning", warning) }
        try ModelDirectory.write(model, to: task.output)
        for name in [ModelDirectory.weightsName, ModelDirectory.configurationName] {
            try Files.sync(task.output + "/" + name)
        }
        try Files.sync(task.output)
        fault.pass(.beforeResult)
        // Comes after all that was gathered, as it is the last word.
        try output.sendNow(.result(document: JSONEncoder().encode(model.configuration.training)))
        fault.pass(.afterResult)
    }

    private func read(_ split: DatasetDirectory.Split) throws -> Clips {
        if stop.isRaised { throw Stopped() }
        try verification.check()
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
}
