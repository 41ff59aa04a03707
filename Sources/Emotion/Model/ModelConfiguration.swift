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

    /// By which metric of which split the epoch of its training was selected: `valid_micro_f1`. nil for weights that were
    /// brought in, and for those of a checkpoint that is not at the best epoch.
    package var selectedBy: String? {
        guard let training, training.bestEpoch != nil else { return nil }
        return training.selectedBy ?? hyperparameters.selectBy.validationName
    }

    /// Whether units are scored: only masking by score trains the networks that do it.
    package var hasMaskingNetworks: Bool {
        switch hyperparameters.temporalMasking {
        case .on, .noReversal: true
        case .off, .randomMask: false
        }
    }
}
