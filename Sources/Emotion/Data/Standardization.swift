import Engine

/// The mean and deviation of each feature of a modality in a training split, by which its units are scaled.
package struct Standardization: Sendable, Codable, Equatable {
    /// [D]
    package let mean: [Float]
    /// [D], positive; 1 for a feature that does not vary.
    package let deviation: [Float]

    /// Values that were replaced because they were not finite have no part in it.
    ///
    /// - Parameter sequences: the units of the training split.
    package init(_ sequences: Sequences) {
        let size = sequences.featureSize
        var counts = [Int](repeating: sequences.rowCount, count: size)
        for (feature, replaced) in sequences.replaced.enumerated() { counts[feature] -= replaced }
        var sums = [Double](repeating: 0, count: size)
        var zeros = sequences.replaced.map { -$0 } + [Int](repeating: 0, count: size - sequences.replaced.count)
        sequences.forEachRow { row in
            for (feature, value) in row.enumerated() {
                sums[feature] += Double(value)
                if value == 0 { zeros[feature] += 1 }
            }
        }
        let means = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : 0 }
        // Zeros are counted, as those that stand for something else have to be left out.
        var squares = zip(zeros, means).map { Double($0) * $1 * $1 }
        sequences.forEachRow { row in
            for (feature, value) in row.enumerated() where value != 0 {
                let distance = Double(value) - means[feature]
                squares[feature] += distance * distance
            }
        }
        mean = means.map { Float($0) }
        deviation = zip(squares, counts).map { square, count in
            let deviation = square > 0 ? Float((square / Double(count)).squareRoot()) : 0
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

    /// z = (x − mean) / deviation, feature by feature, for x [rows, D]. In double precision, as the difference of two
    /// float32 of different sign can be beyond float32.
    func apply(to features: inout Tensor) {
        let (mean, deviation) = (mean.map(Double.init), deviation.map(Double.init))
        features = Tensor(
            features.values.enumerated().map {
                Float((Double($1) - mean[$0 % mean.count]) / deviation[$0 % mean.count])
            },
            shape: features.shape)
    }
}
