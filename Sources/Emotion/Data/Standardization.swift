import Engine

/// The mean and deviation of each feature of a modality in a training split, by which its units are scaled.
package struct Standardization: Sendable, Codable, Equatable {
    /// [D]
    package let mean: [Float]
    /// [D], positive; 1 for a feature that does not vary.
    package let deviation: [Float]

    /// - Parameter sequences: the units of the training split.
    package init(_ sequences: Sequences) {
        let (rows, size) = (sequences.rowCount, sequences.featureSize)
        var sums = [Double](repeating: 0, count: size)
        for (index, value) in sequences.values.enumerated() { sums[index % size] += Double(value) }
        let means = sums.map { rows > 0 ? $0 / Double(rows) : 0 }
        var squares = [Double](repeating: 0, count: size)
        for (index, value) in sequences.values.enumerated() {
            let distance = Double(value) - means[index % size]
            squares[index % size] += distance * distance
        }
        mean = means.map { Float($0) }
        deviation = squares.map {
            let deviation = $0 > 0 ? Float(($0 / Double(rows)).squareRoot()) : 0
            return deviation > 0 ? deviation : 1
        }
    }

    /// What is wrong with numbers that were read for a modality of `featureSize` features, nil when nothing is.
    func fault(featureSize: Int) -> String? {
        if mean.count != featureSize || deviation.count != featureSize {
            return "does not have one mean and deviation per feature"
        }
        if !mean.allSatisfy(\.isFinite) { return "a mean is not finite" }
        return deviation.allSatisfy { $0 > 0 && $0.isFinite } ? nil : "a deviation is not positive and finite"
    }

    /// z = (x − mean) / deviation, feature by feature, for x [rows, D].
    func apply(to features: inout Tensor) {
        features = Tensor(
            features.values.enumerated().map { ($1 - mean[$0 % mean.count]) / deviation[$0 % mean.count] },
            shape: features.shape)
    }
}
