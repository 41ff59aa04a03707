import Engine

extension Model {
    /// Makes a model of the state of a training that was saved, without the data of the training.
    ///
    /// What was measured of exactly these parameters goes with it: metrics of the validation split where they are those of
    /// the best epoch, and neither tuned thresholds nor metrics of the test split.
    ///
    /// ```swift
    /// let model = try Model(checkpoint: path, digest: digest, weights: .best)
    /// try ModelDirectory.write(model, to: folder)
    /// ```
    ///
    /// - Parameter digest: of what the file is to hold, `sha256:…`.
    /// - Throws: ``TrainingStateError``: `unreadable` when the file is damaged, `incomplete` when it has no such weights or
    ///   is of a version that did not keep all that a model needs. `MemoryError`.
    package init(checkpoint path: String, digest: String, weights: TrainingSummary.Checkpoint.Weights) throws {
        self = try TrainingState.reading(path, digest: digest) { file, header in
            func fault(_ reason: String) -> TrainingStateError { TrainingStateError(.incomplete, file: path, reason) }
            guard let clips = header.clips else {
                throw fault("was written by a version of Limbic that did not keep all that a model needs")
            }
            guard weights == .step || header.best != nil else {
                throw fault("has no best epoch yet: none was evaluated before it")
            }
            let identity = header.identity
            var configuration = ModelConfiguration(
                labels: identity.labels, modalities: identity.modalities, hyperparameters: identity.hyperparameters)
            configuration.standardization = header.standardization
            if let (field, reason) = configuration.fault ?? configuration.standardizationFault {
                throw TrainingStateError(.unreadable, file: path, "does not describe a model: \(field): \(reason)")
            }
            let network = Network(configuration)
            try Memory.require(network.layout.bytes(.plain, .float32), for: "the model")
            var (isFinite, isBest) = (true, header.best != nil)
            let parameters = try Parameters(
                layout: network.layout, precision: identity.hyperparameters.precision.resolved
            ) { parameter in
                let values = try file.floats(weights == .best ? .best : .parameters, parameter)
                isFinite = isFinite && values.allSatisfy(\.isFinite)
                // Nothing else tells whether a step was made since the best epoch.
                isBest = try isBest && values == file.floats(.best, parameter)
                return values
            }
            guard isFinite else { throw fault("has parameters that are not finite") }
            let best = isBest ? header.best : nil
            configuration.training = TrainingSummary(
                seed: identity.seed,
                epochs: header.epoch,
                bestEpoch: best?.epoch,
                selectedBy: best.map { _ in identity.hyperparameters.selectBy.validationName },
                stoppedEarly: header.stoppedEarly,
                steps: header.steps,
                clips: clips,
                seconds: header.clock.seconds,
                validation: best?.metrics,
                warnings: best.flatMap { TrainingSummary.Warning($0.metrics, of: .valid) }.map { [$0] },
                tunedThresholds: nil,
                checkpoint: .init(step: header.steps, weights: weights)
            )
            var model = Model(network: network, parameters: parameters)
            model.configuration = configuration
            return model
        }
    }
}
