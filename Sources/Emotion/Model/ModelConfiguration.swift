/// What a model is: its inputs, its labels and its hyperparameters. `config.json` of a model directory.
package struct ModelConfiguration: Sendable, Codable {
    /// The version of this layout of files.
    package var formatVersion = 1
    package let labels: [String]
    /// Those of its data, in the order in which the multi-modal encoder sees them.
    package let modalities: [Modality]
    package let hyperparameters: Hyperparameters
    /// By modality, where features are standardized.
    package var standardization: [String: Standardization]?
    /// How it was trained; nil for weights that were brought in.
    package var training: TrainingSummary?

    package init(labels: [String], modalities: [Modality], hyperparameters: Hyperparameters) {
        self.labels = labels
        self.modalities = modalities
        self.hyperparameters = hyperparameters
    }

    private enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case labels, modalities, hyperparameters, standardization, training
    }

    /// The modalities that are not dropped.
    package var usedModalities: [Modality] {
        modalities.filter { !hyperparameters.dropModalities.contains($0.name) }
    }

    /// Whether units are scored: only masking by score trains the networks that do it.
    package var hasMaskingNetworks: Bool {
        switch hyperparameters.temporalMasking {
        case .on, .noReversal: true
        case .off, .randomMask: false
        }
    }
}

/// What a training came to.
package struct TrainingSummary: Sendable, Codable {
    package let seed: UInt64
    /// Epochs that were trained, and which of them was kept, counted from 1.
    package let epochs: Int
    package let bestEpoch: Int
    package let steps: Int
    package let clips: Int
    package let seconds: Double
    /// On the validation split, of the epoch that was kept.
    package let validation: Metrics
    /// On the test split, where there is one.
    package var test: Metrics?
    /// Per label, the threshold of best F1 on the validation split.
    package let tunedThresholds: [Float]

    private enum CodingKeys: String, CodingKey {
        case seed, epochs, steps, clips, seconds, validation, test
        case bestEpoch = "best_epoch"
        case tunedThresholds = "tuned_thresholds"
    }
}
