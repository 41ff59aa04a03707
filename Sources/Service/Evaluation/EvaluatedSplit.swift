import Emotion

/// Whether clips are what a model can be measured on.
enum EvaluatedSplit {
    /// What is wrong with them, nil when nothing is.
    static func fault(of clips: Clips, for configuration: ModelConfiguration) -> String? {
        fault(
            modalities: clips.modalities.mapValues(\.featureSize), labelCount: clips.labelCount, for: configuration)
    }

    /// The same, of clips that are not read yet.
    ///
    /// - Parameter modalities: their feature sizes, by name.
    static func fault(
        modalities: [String: Int], labelCount: Int, for configuration: ModelConfiguration
    ) -> String? {
        for modality in configuration.usedModalities {
            guard let size = modalities[modality.name] else { return "the split has no modality \(modality.name)" }
            guard size == modality.featureSize else {
                return "\(modality.name) has \(size) features in the split, and \(modality.featureSize) in the model"
            }
        }
        let count = configuration.labels.count
        return labelCount == count ? nil : "the split has \(labelCount) labels, and the model \(count)"
    }
}
