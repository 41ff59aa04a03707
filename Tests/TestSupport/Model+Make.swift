import Engine

package import Emotion

extension ModelConfiguration {
    /// A narrow model of two modalities and three labels.
    package static func make(
        modalities: [Modality] = [Modality(name: "text", featureSize: 5), Modality(name: "audio", featureSize: 3)],
        labels: Int = 3,
        _ change: (inout Hyperparameters) -> Void = { _ in }
    ) -> ModelConfiguration {
        var hyperparameters = Hyperparameters()
        hyperparameters.modelWidth = 16
        hyperparameters.heads = 4
        hyperparameters.feedForward = 32
        hyperparameters.unimodalBlocks = 1
        hyperparameters.multimodalBlocks = 1
        hyperparameters.batchSize = 8
        hyperparameters.learningRate = 3e-3
        // A tensor of so narrow a model has a norm of about 1.
        hyperparameters.gamma = 0.1
        change(&hyperparameters)
        return ModelConfiguration(
            labels: (0..<labels).map { "label_\($0)" }, modalities: modalities, hyperparameters: hyperparameters)
    }
}

extension Model {
    package static func make(_ configuration: ModelConfiguration = .make(), seed: UInt64 = 1) -> Model {
        let network = Network(configuration)
        return Model(network: network, parameters: Parameters(layout: network.layout, seed: seed))
    }
}

extension Clip {
    /// A clip with random features, of the given length per modality; 0 leaves the modality out.
    package static func make(_ lengths: [Int], configuration: ModelConfiguration = .make(), seed: UInt64) -> Clip {
        var generator = PhiloxGenerator(seed: seed, step: 9, operation: 0)
        var units: [String: Clip.Units] = [:]
        for (modality, length) in zip(configuration.modalities, lengths) where length > 0 {
            let count = length * modality.featureSize
            let values = (0..<count).map { _ in 4 * Philox.uniform(UInt32(truncatingIfNeeded: generator.next())) - 2 }
            units[modality.name] = Clip.Units(length: length, featureSize: modality.featureSize, values: values)
        }
        return Clip(id: "clip \(seed)", modalities: units)
    }
}

extension Clips {
    /// Labelled clips: label k is set when the mean of feature k of the first modality is positive.
    package static func make(_ count: Int, configuration: ModelConfiguration = .make(), seed: UInt64 = 1) -> Clips {
        let clips = (0..<count).map { index -> Clip in
            var clip = Clip.make(
                [1 + index % 4, index % 3], configuration: configuration, seed: seed << 32 | UInt64(index))
            let units = clip.modalities[configuration.modalities[0].name]!
            clip.labels = configuration.labels.indices.map { label in
                let sum = (0..<units.length).reduce(0) { $0 + units.values[$1 * units.featureSize + label] }
                return sum > 0 ? 1 : 0
            }
            return clip
        }
        return Clips(collating: clips, modalities: configuration.modalities)
    }
}
