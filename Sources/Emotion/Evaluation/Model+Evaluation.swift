extension Model {
    /// The threshold the model was trained for, for every label.
    package var ownThresholds: Thresholds {
        .fixed(configuration.hyperparameters.threshold, labels: configuration.labels.count)
    }

    /// How well the model does on labelled clips, at the threshold it was trained for.
    package func evaluate(_ clips: Clips) -> Metrics {
        metrics(clips, probabilities: probabilities(ofSplit: clips))
    }

    func metrics(_ clips: Clips, probabilities: [Float]) -> Metrics {
        Metrics(
            probabilities: probabilities, truth: Self.truth(of: clips), labels: configuration.labels,
            thresholds: ownThresholds)
    }

    func comparison(_ clips: Clips, probabilities: [Float]) -> ThresholdComparison {
        ThresholdComparison(
            probabilities: probabilities, truth: Self.truth(of: clips), labels: configuration.labels,
            tuned: configuration.training?.thresholds)
    }

    /// Measures a trained model on its test split, and keeps the metrics, or what is wrong with them, with its training.
    package mutating func measure(test clips: Clips) {
        guard var training = configuration.training else { preconditionFailure("the model was trained") }
        let probabilities = probabilities(ofSplit: clips)
        let metrics = metrics(clips, probabilities: probabilities)
        if let warning = TrainingSummary.Warning(metrics, of: .test) {
            training.warnings = (training.warnings ?? []) + [warning]
        }
        if metrics.counting?.isMeaningless != true {
            training.test = metrics
            training.testByThreshold = comparison(clips, probabilities: probabilities)
        }
        configuration.training = training
    }

    /// Whether the model can compute some of these clips; looks at 256 of them at most.
    func canCompute(anyOf clips: Clips) -> Bool {
        let sample = clips.select(Array(stride(from: 0, to: clips.count, by: clips.count / 256 + 1)))
        let labelCount = configuration.labels.count
        let probabilities = probabilities(ofSplit: sample)
        return (0..<sample.count).contains { clip in
            probabilities[clip * labelCount..<(clip + 1) * labelCount].allSatisfy(\.isFinite)
        }
    }

    /// Whether a clip of one unit of ones or of zeros per modality can be computed: weights that are numbers may still be so
    /// large that nothing comes of them.
    package var canComputeOrdinaryClips: Bool {
        let clips = [Float(1), 0].map { value in
            Clip(
                modalities: Dictionary(
                    uniqueKeysWithValues: configuration.modalities.map {
                        let values = Array(repeating: value, count: $0.featureSize)
                        return ($0.name, Clip.Units(length: 1, featureSize: $0.featureSize, values: values))
                    }))
        }
        return canCompute(anyOf: Clips(collating: clips, modalities: configuration.modalities))
    }

    private static func truth(of clips: Clips) -> [Float] {
        guard let labels = clips.labels else { preconditionFailure("an evaluation needs labelled clips") }
        return labels
    }
}
