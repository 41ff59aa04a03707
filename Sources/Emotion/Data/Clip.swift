/// One sample: per modality a sequence of feature vectors.
package struct Clip: Sendable, Equatable {
    /// The units of one modality of a clip.
    package struct Units: Sendable, Equatable {
        /// Number of units, L ≥ 1.
        package let length: Int
        /// Numbers per unit, D.
        package let featureSize: Int
        /// [L, D], row-major.
        package let values: [Float]
        /// Positions in `values` that are 0 because they were not finite.
        package let replaced: [Int]

        package init(length: Int, featureSize: Int, values: [Float], replaced: [Int] = []) {
            precondition(length > 0 && featureSize > 0, "a modality without units is left out of its clip")
            precondition(values.count == length * featureSize, "values hold [length, featureSize]")
            self.length = length
            self.featureSize = featureSize
            self.values = values
            self.replaced = replaced
        }
    }

    package var id: String?
    /// By name of modality. A modality that is not here is missing.
    package var modalities: [String: Units]
    /// 0 or 1 per label, nil when the clip is not labelled.
    package var labels: [Float]?

    package init(id: String? = nil, modalities: [String: Units], labels: [Float]? = nil) {
        self.id = id
        self.modalities = modalities
        self.labels = labels
    }
}
