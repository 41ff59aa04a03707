import Emotion
import Jobs

extension DatasetRecord {
    /// - Throws: ``Problem`` when a split is missing that a training needs.
    func requireSplits() throws(Problem) {
        guard !missingSplits.isEmpty else { return }
        let names = missingSplits.joined(separator: " and no ")
        throw .invalid("/dataset", "data set \(id) has no \(names) split", code: "incomplete_dataset")
    }
}

extension DatasetSchema {
    /// What a training on the data set would find wrong before its first step, by hyperparameter; nil when nothing is.
    func fault(of hyperparameters: Hyperparameters) -> (field: String, reason: String)? {
        if let fault = hyperparameters.precision.fault { return ("precision", fault) }
        if hasReplacedValues, !hyperparameters.replaceNonfinite {
            return (
                "replace_nonfinite", "must be true: the data set has values that are not finite and are read as 0"
            )
        }
        guard let labels, let modalities else { return nil }
        return ModelConfiguration(labels: labels, modalities: modalities, hyperparameters: hyperparameters).fault
    }
}
