package import Emotion
/// Trains the cells of a study on one data set, which it holds in memory.
package struct StudyTraining {
    package let data: StudyData
    private let train: Clips
    private let validation: Clips
    private let test: Clips

    /// - Throws: ``DatasetError`` when one of the three splits is missing or cannot be read.
    package init(_ dataset: DatasetDirectory) throws {
        train = try dataset.read(.train).clips
        validation = try dataset.read(.valid).clips
        test = try dataset.read(.test).clips
        var fingerprint = Fingerprint()
        for clips in [train, validation, test] { fingerprint.add(clips) }
        data = StudyData(
            name: dataset.name,
            labels: dataset.labels,
            modalities: dataset.modalities,
            train: train.count,
            validation: validation.count,
            test: test.count,
            fingerprint: fingerprint.text
        )
    }

    /// Trains a cell and measures the epoch that was kept on the test split.
    ///
    /// - Parameter observe: see ``Training``.
    /// - Throws: what `observe` throws, and ``TrainingError`` and ``StudyError`` when a split cannot be computed.
    package func run(
        _ cell: Study.Cell,
        of study: Study,
        seed: UInt64,
        observe: (Training.Event) throws -> Void
    ) throws -> StudyRun.Outcome {
        let training = Training(
            configuration: ModelConfiguration(
                labels: data.labels, modalities: data.modalities, hyperparameters: cell.hyperparameters),
            train: train,
            validation: validation,
            seed: seed
        )
        var epochs: [StudyRun.Epoch] = []
        var losses: [Double] = []
        var trainingMicroF1: Double?
        let model: Model
        do {
            model = try training.run { event in
                switch event {
                case .step(let step): losses.append(Double(step.outcome.losses.recognition))
                case .epoch(_, _, let metrics, _):
                    epochs.append(
                        StudyRun.Epoch(
                            loss: losses.reduce(0, +) / Double(losses.count),
                            validationMicroF1: metrics.microF1,
                            trainingMicroF1: trainingMicroF1
                        ))
                    losses = []
                case .stoppedEarly: break
                }
                try observe(event)
            } inspect: { model in
                if study.measuresTraining { trainingMicroF1 = model.evaluate(train).microF1 }
            }
        } catch TrainingError.diverged(let step) {
            return .diverged(.init(seed: seed, step: step))
        }
        let metrics = model.evaluate(test)
        if metrics.counting?.isMeaningless == true {
            throw StudyError.notComputable(cell: cell.name, clips: test.count)
        }
        guard let summary = model.configuration.training else { preconditionFailure("a trained model says how") }
        return .finished(
            StudyRun.Result(
                seed: seed,
                bestEpoch: summary.bestEpoch,
                seconds: summary.seconds,
                validation: summary.validation,
                test: metrics,
                epochs: epochs
            ))
    }
}
